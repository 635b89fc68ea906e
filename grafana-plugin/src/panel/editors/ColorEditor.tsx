import type { StandardEditorProps } from '@grafana/data';
import { Button, ColorPicker } from '@grafana/ui';
import React from 'react';

/** A colour, or the theme's own. */
export function ColorEditor({ value, onChange }: StandardEditorProps<string | undefined>) {
  return (
    <div style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
      <ColorPicker color={value || '#808080'} onChange={onChange} />
      {value ? (
        <Button size="sm" variant="secondary" fill="text" onClick={() => onChange(undefined)}>
          Theme’s colour
        </Button>
      ) : (
        <span>Theme’s colour</span>
      )}
    </div>
  );
}
