import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { FieldSet, InlineField, Input, SecretInput } from '@grafana/ui';
import React from 'react';
import type { TickscopeOptions, TickscopeSecrets } from '../types';

type Props = DataSourcePluginOptionsEditorProps<TickscopeOptions, TickscopeSecrets>;

const LABEL_WIDTH = 16;
const CONTROL_WIDTH = 48;
const DEFAULT_TIMEOUT_MS = 10_000;

/** Where Tickscope is and how to be let in. "Save & test" asks it through Grafana's server, as queries do. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const { url, jsonData, secureJsonData, secureJsonFields } = options;
  return (
    <FieldSet label="Tickscope">
      <InlineField
        label="URL"
        labelWidth={LABEL_WIDTH}
        tooltip="Root of Tickscope's API as Grafana's server reaches it (not your browser): http://127.0.0.1:8000, in compose http://ingest:8000"
      >
        <Input
          id="tickscope-url"
          aria-label="URL"
          width={CONTROL_WIDTH}
          value={url ?? ''}
          placeholder="http://127.0.0.1:8000"
          spellCheck={false}
          onChange={(event) => onOptionsChange({ ...options, url: event.currentTarget.value.trim() })}
        />
      </InlineField>
      <InlineField
        label="Token"
        labelWidth={LABEL_WIDTH}
        tooltip="TICKSCOPE_READ_TOKEN of the ingest service. Not needed when it listens on loopback without one. Kept encrypted, never sent to a browser."
      >
        <SecretInput
          id="tickscope-token"
          aria-label="Token"
          width={CONTROL_WIDTH}
          isConfigured={secureJsonFields?.['token'] ?? false}
          value={secureJsonData?.token ?? ''}
          placeholder="read token"
          onReset={() =>
            onOptionsChange({
              ...options,
              secureJsonFields: { ...secureJsonFields, token: false },
              secureJsonData: { ...secureJsonData, token: '' },
            })
          }
          onChange={(event) =>
            onOptionsChange({
              ...options,
              secureJsonData: { ...secureJsonData, token: event.currentTarget.value },
            })
          }
        />
      </InlineField>
      <InlineField
        label="Time-out (ms)"
        labelWidth={LABEL_WIDTH}
        tooltip="How long a query may take. Healing a hole from the broker takes up to 3 seconds, so not below 4000."
      >
        <Input
          id="tickscope-timeout"
          aria-label="Time-out (ms)"
          width={16}
          type="number"
          min={1_000}
          step={1_000}
          value={jsonData.timeoutMs ?? ''}
          placeholder={String(DEFAULT_TIMEOUT_MS)}
          onChange={(event) => {
            const { timeoutMs: _, ...rest } = jsonData;
            const value = event.currentTarget.valueAsNumber;
            onOptionsChange({
              ...options,
              jsonData:
                Number.isFinite(value) && value > 0 ? { ...rest, timeoutMs: Math.round(value) } : rest,
            });
          }}
        />
      </InlineField>
    </FieldSet>
  );
}
