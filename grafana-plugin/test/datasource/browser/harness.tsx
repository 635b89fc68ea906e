/** A page that mounts the real editors with the newest @grafana/ui and React, and records what they store. */
import { createTheme, type DataSourceSettings, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import React, { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { AnnotationEditor } from '../../../src/datasource/annotations/AnnotationEditor';
import { ConfigEditor } from '../../../src/datasource/config/ConfigEditor';
import { TickscopeDataSource } from '../../../src/datasource/datasource';
import { QueryEditor } from '../../../src/datasource/query/QueryEditor';
import type {
  TickscopeOptions,
  TickscopeQuery,
  TickscopeSecrets,
  TickscopeVariableQuery,
} from '../../../src/datasource/types';
import { VariableQueryEditor } from '../../../src/datasource/variables/VariableQueryEditor';
import { RESOURCES, SETTINGS, templates } from '../stand-in';

export type EditorName = 'query' | 'variable' | 'annotation' | 'config';

export interface Recorded {
  /** What the editor stored last. */
  stored: unknown;
  runs: number;
  /** Resources that were asked for: `[path, parameters]`. */
  asked: Array<[string, unknown]>;
  reactVersion: string;
}

declare global {
  interface Window {
    editors: {
      recorded: Recorded;
      mount(editor: EditorName, start: unknown, theme?: 'dark' | 'light'): void;
    };
  }
}

const recorded: Recorded = { stored: undefined, runs: 0, asked: [], reactVersion: React.version };

const datasource = new TickscopeDataSource(
  SETTINGS,
  templates({ instrument: 'NSE:TCS', underlying: 'NIFTY' }),
);
datasource.getResource = (async (path: string, parameters?: unknown) => {
  recorded.asked.push([path, parameters]);
  return RESOURCES[path];
}) as typeof datasource.getResource;

function Editor({ name, start }: { name: EditorName; start: unknown }) {
  const [value, setValue] = useState(start);
  const onChange = (next: unknown) => {
    recorded.stored = next;
    setValue(next);
  };
  const onRunQuery = () => {
    recorded.runs += 1;
  };
  const common = { datasource, onChange, onRunQuery };
  switch (name) {
    case 'query':
      return <QueryEditor query={value as TickscopeQuery} {...common} />;
    case 'variable':
      return <VariableQueryEditor query={value as TickscopeVariableQuery} {...common} />;
    case 'annotation':
      return <AnnotationEditor query={value as TickscopeQuery} {...common} />;
    case 'config':
      return (
        <ConfigEditor
          options={value as DataSourceSettings<TickscopeOptions, TickscopeSecrets>}
          onOptionsChange={onChange}
        />
      );
  }
}

const root = createRoot(document.getElementById('root') as HTMLElement);
let mounts = 0;
const mount: Window['editors']['mount'] = (editor, start, mode = 'dark') => {
  mounts += 1;
  const theme = createTheme({ colors: { mode } });
  document.body.style.cssText = `margin:0;padding:16px;background:${theme.colors.background.primary};color:${theme.colors.text.primary};font:${theme.typography.body.fontSize} ${theme.typography.fontFamily}`;
  root.render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Editor key={mounts} name={editor} start={start} />
      <PortalContainer />
    </ThemeContext.Provider>,
  );
};

window.editors = { recorded, mount };
