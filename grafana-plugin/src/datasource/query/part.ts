import type { TickscopeDataSource } from '../datasource';
import type { TickscopeQuery } from '../types';

/** What the editor of one query type gets: the query, and a way to change some of its fields and run it again. */
export interface QueryPartProps {
  query: TickscopeQuery;
  datasource: TickscopeDataSource;
  onPatch(patch: Partial<TickscopeQuery>): void;
}
