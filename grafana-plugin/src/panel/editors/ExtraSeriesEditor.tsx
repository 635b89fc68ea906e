import type { StandardEditorProps } from '@grafana/data';
import { Button, ColorPicker, Select } from '@grafana/ui';
import React from 'react';
import type { FrameLike } from '../../chart/frame';
import type { ExtraSeries } from '../../chart/model';
import { readFrames } from '../../chart/read-frames';

const PLACEMENTS: { value: ExtraSeries['placement']; label: string }[] = [
  { value: 'overlay', label: 'Overlay' },
  { value: 'pane', label: 'Pane' },
];
const STYLES: { value: ExtraSeries['style']; label: string }[] = [
  { value: 'line', label: 'Line' },
  { value: 'histogram', label: 'Bars' },
  { value: 'area', label: 'Area' },
];

/** The list of further fields; what can be chosen is what the query gives. */
export function ExtraSeriesEditor({
  value,
  onChange,
  context,
}: StandardEditorProps<ExtraSeries[] | undefined>) {
  const chosen = value ?? [];
  const offered = readFrames((context.data ?? []) as unknown as FrameLike[])[0]?.series.extras ?? [];
  const change = (index: number, part: Partial<ExtraSeries>) =>
    onChange(chosen.map((each, i) => (i === index ? { ...each, ...part } : each)));
  return (
    <div style={{ display: 'flex', flexDirection: 'column', gap: 8 }}>
      {chosen.map((extra, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a field may be drawn twice
        <div key={index} style={{ display: 'flex', flexWrap: 'wrap', gap: 6, alignItems: 'center' }}>
          <ColorPicker color={extra.color || '#808080'} onChange={(color) => change(index, { color })} />
          <span style={{ flexGrow: 1 }}>{extra.field}</span>
          <Select
            aria-label={`Placement of ${extra.field}`}
            width={13}
            options={PLACEMENTS}
            value={extra.placement}
            onChange={({ value: placement }) => placement && change(index, { placement })}
          />
          <Select
            aria-label={`Style of ${extra.field}`}
            width={11}
            options={STYLES}
            value={extra.style}
            onChange={({ value: style }) => style && change(index, { style })}
          />
          <Button
            size="sm"
            variant="secondary"
            fill="text"
            icon="trash-alt"
            aria-label={`Remove ${extra.field}`}
            onClick={() => onChange(chosen.filter((_, i) => i !== index))}
          />
        </div>
      ))}
      <Select
        aria-label="Add a field"
        placeholder={offered.length > 0 ? 'Add a field' : 'The query gives no further numbers'}
        value={null}
        options={offered.map((field) => ({ value: field, label: field }))}
        onChange={({ value: field }) =>
          field && onChange([...chosen, { field, placement: 'overlay', style: 'line' }])
        }
      />
    </div>
  );
}
