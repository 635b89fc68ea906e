import type { StandardEditorProps } from '@grafana/data';
import { Button, ColorPicker, Input, Select } from '@grafana/ui';
import React, { type ChangeEvent } from 'react';
import { DEFAULTS } from '../../chart/studies/studies';
import type { StudySettings } from '../../chart/studies/study';

type Setting = 'period' | 'multiplier' | 'fast' | 'slow' | 'signal';

const TYPES: readonly {
  value: StudySettings['type'];
  label: string;
  settings: Partial<Record<Setting, number>>;
}[] = [
  { value: 'vwap', label: 'VWAP (from the session’s open)', settings: {} },
  { value: 'sma', label: 'Moving average (SMA)', settings: DEFAULTS.sma },
  { value: 'ema', label: 'Exponential average (EMA)', settings: DEFAULTS.ema },
  { value: 'bollinger', label: 'Bollinger bands', settings: DEFAULTS.bollinger },
  { value: 'rsi', label: 'RSI', settings: DEFAULTS.rsi },
  { value: 'macd', label: 'MACD', settings: DEFAULTS.macd },
  { value: 'supertrend', label: 'Supertrend', settings: DEFAULTS.supertrend },
];
const CHOICES = TYPES.map(({ value, label }) => ({ value, label }));
const WORDS: Readonly<Record<Setting, string>> = {
  period: 'Period',
  multiplier: 'Width',
  fast: 'Fast',
  slow: 'Slow',
  signal: 'Signal',
};

/** The list of indicators: each with its settings, empty ones meaning the usual. */
export function StudiesEditor({ value, onChange }: StandardEditorProps<StudySettings[] | undefined>) {
  const studies = value ?? [];
  const change = (index: number, next: StudySettings) =>
    onChange(studies.map((each, i) => (i === index ? next : each)));
  return (
    <div style={{ display: 'flex', flexDirection: 'column', gap: 8 }}>
      {studies.map((study, index) => (
        <StudyRow
          // biome-ignore lint/suspicious/noArrayIndexKey: two indicators may have the same settings
          key={index}
          study={study}
          onChange={(next) => change(index, next)}
          onRemove={() => onChange(studies.filter((_, i) => i !== index))}
        />
      ))}
      <Select
        aria-label="Add an indicator"
        placeholder="Add an indicator"
        value={null}
        options={CHOICES}
        onChange={({ value: type }) => type && onChange([...studies, { type }])}
      />
    </div>
  );
}

interface RowProps {
  study: StudySettings;
  onChange(next: StudySettings): void;
  onRemove(): void;
}

function StudyRow({ study, onChange, onRemove }: RowProps) {
  const known = TYPES.find(({ value }) => value === study.type);
  const settings = Object.entries(known?.settings ?? {}) as [Setting, number][];
  const setNumber = (setting: Setting) => (event: ChangeEvent<HTMLInputElement>) => {
    const number = event.currentTarget.valueAsNumber;
    const next = { ...study };
    if (Number.isFinite(number) && number > 0) next[setting] = number;
    else delete next[setting];
    onChange(next);
  };
  return (
    <div
      style={{ display: 'flex', flexWrap: 'wrap', gap: 6, alignItems: 'center' }}
      data-testid="tickscope indicator"
    >
      <ColorPicker color={study.color || '#808080'} onChange={(color) => onChange({ ...study, color })} />
      <span style={{ flexGrow: 1 }}>{known?.label ?? study.type}</span>
      {settings.map(([setting, usual]) => (
        <Input
          key={setting}
          aria-label={`${WORDS[setting]} of ${known?.label}`}
          title={WORDS[setting]}
          type="number"
          min={setting === 'multiplier' ? 0.1 : 1}
          step={setting === 'multiplier' ? 0.1 : 1}
          width={9}
          placeholder={String(usual)}
          value={study[setting] ?? ''}
          onChange={setNumber(setting)}
        />
      ))}
      <Button
        size="sm"
        variant="secondary"
        fill="text"
        icon="trash-alt"
        aria-label={`Remove ${known?.label ?? study.type}`}
        onClick={onRemove}
      />
    </div>
  );
}
