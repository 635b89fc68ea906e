import type { AnnotationQuery, AnnotationSupport } from '@grafana/data';
import type { TickscopeQuery } from '../types';
import { AnnotationEditor } from './AnnotationEditor';

/** Annotations are queries of type `events`; their frame's `time`, `timeEnd`, `title`, `text`, `tags` need no mapping. */
export function annotationSupport(): AnnotationSupport<TickscopeQuery, AnnotationQuery<TickscopeQuery>> {
  return {
    getDefaultQuery: () => ({ queryType: 'events' }),
    prepareQuery: (annotation) => ({
      refId: 'Anno',
      ...annotation.target,
      queryType: 'events',
    }),
    QueryEditor: AnnotationEditor,
  };
}
