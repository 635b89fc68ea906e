import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import { from, map, type Observable } from 'rxjs';
import type { TickscopeDataSource } from '../datasource';
import type { TickscopeVariableQuery } from '../types';
import { variableQuery } from './kinds';
import { VariableQueryEditor } from './VariableQueryEditor';

/** Dashboard variables from the back end's `variables/*` resources. */
export class TickscopeVariables extends CustomVariableSupport<TickscopeDataSource, TickscopeVariableQuery> {
  override editor = VariableQueryEditor;

  constructor(private readonly source: Pick<TickscopeDataSource, 'variableOptions'>) {
    super();
    // Grafana takes the function and calls it without its object.
    this.query = this.query.bind(this);
  }

  override query(request: DataQueryRequest<TickscopeVariableQuery>): Observable<DataQueryResponse> {
    const [query] = request.targets;
    const options = this.source.variableOptions(variableQuery(query), request.scopedVars);
    return from(options).pipe(map((data) => ({ data })));
  }
}
