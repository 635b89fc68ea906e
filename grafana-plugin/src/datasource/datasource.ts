import type {
  DataQueryRequest,
  DataQueryResponse,
  DataSourceInstanceSettings,
  MetricFindValue,
  ScopedVars,
} from '@grafana/data';
import { DataSourceWithBackend, getGrafanaLiveSrv, getTemplateSrv, type TemplateSrv } from '@grafana/runtime';
import { type Observable, switchMap } from 'rxjs';
import { annotationSupport } from './annotations/support';
import { followed } from './live/follow';
import { interpolated, variableParameters } from './query/interpolate';
import { defaultQuery } from './query/kinds';
import type {
  InstrumentOption,
  TickscopeOptions,
  TickscopeQuery,
  TickscopeVariableQuery,
  VariableOption,
} from './types';
import { TickscopeVariables } from './variables/support';

/** How many instruments the search offers: as many as one reads before typing on. */
const SEARCH_LIMIT = 50;

/**
 * The front end of the data source. Queries, alert rules and streams are answered by its back end; here variables are
 * put in, live channels are merged into the answer, and the editors find their choices.
 */
export class TickscopeDataSource extends DataSourceWithBackend<TickscopeQuery, TickscopeOptions> {
  constructor(
    settings: DataSourceInstanceSettings<TickscopeOptions>,
    private readonly templates: TemplateSrv = getTemplateSrv(),
  ) {
    super(settings);
    this.annotations = annotationSupport();
    this.variables = new TickscopeVariables(this);
  }

  override query(request: DataQueryRequest<TickscopeQuery>): Observable<DataQueryResponse> {
    return super
      .query(request)
      .pipe(switchMap((response) => followed(response, request, getGrafanaLiveSrv())));
  }

  override getDefaultQuery(): Partial<TickscopeQuery> {
    return defaultQuery();
  }

  /** A query that lacks something is sent too: the back end answers with a notice that says what to choose. */
  override filterQuery(query: TickscopeQuery): boolean {
    return query.hide !== true;
  }

  override applyTemplateVariables(query: TickscopeQuery, scoped: ScopedVars): TickscopeQuery {
    return interpolated(query, this.templates, scoped);
  }

  override getQueryDisplayText(query: TickscopeQuery): string {
    const parts = [query.queryType ?? 'candles', query.view, (query.instruments ?? []).join(', ')];
    return parts.filter((part) => part !== undefined && part !== '').join(' ');
  }

  /** Instruments that fit what was typed, best first ("infy", "reliance industries", "nifty 25000 ce"). */
  async searchInstruments(
    search: string,
    narrow: { underlying?: string; type?: string } = {},
  ): Promise<InstrumentOption[]> {
    return this.getResource('instruments', { search, limit: SEARCH_LIMIT, ...narrow });
  }

  override async metricFindQuery(
    query: TickscopeVariableQuery,
    options?: { scopedVars?: ScopedVars },
  ): Promise<MetricFindValue[]> {
    return this.variableOptions(query, options?.scopedVars ?? {});
  }

  /** What a variable lists. */
  async variableOptions(query: TickscopeVariableQuery, scoped: ScopedVars = {}): Promise<VariableOption[]> {
    const parameters = variableParameters(query, this.templates, scoped);
    return this.getResource(`variables/${query.kind}`, parameters);
  }

  /** The dashboard's variables as a text field offers them: `$instrument`. */
  variableNames(): string[] {
    return this.templates.getVariables().map((variable) => `$${variable.name}`);
  }
}
