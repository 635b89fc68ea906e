import type { AnnotationQuery, QueryEditorProps } from '@grafana/data';
import React from 'react';
import type { TickscopeDataSource } from '../datasource';
import { EventsPart } from '../query/EventsPart';
import type { TickscopeOptions, TickscopeQuery } from '../types';

type Props = QueryEditorProps<TickscopeDataSource, TickscopeQuery, TickscopeOptions> & {
  annotation?: AnnotationQuery<TickscopeQuery>;
  onAnnotationChange?: (annotation: AnnotationQuery<TickscopeQuery>) => void;
};

/** Which events to mark. The query lies in the annotation's `target`. */
export function AnnotationEditor({
  annotation,
  onAnnotationChange,
  query,
  datasource,
  onChange,
  onRunQuery,
}: Props) {
  const target: TickscopeQuery = { ...(annotation?.target ?? query), refId: 'Anno', queryType: 'events' };
  const patch = (change: Partial<TickscopeQuery>) => {
    const next = { ...target, ...change };
    if (annotation !== undefined && onAnnotationChange !== undefined) {
      onAnnotationChange({ ...annotation, target: next });
    } else {
      onChange(next);
    }
    onRunQuery();
  };
  return <EventsPart query={target} datasource={datasource} onPatch={patch} />;
}
