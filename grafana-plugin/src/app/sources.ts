import { getBackendSrv, getDataSourceSrv } from '@grafana/runtime';
import { DATASOURCE_ID } from '../constants';
import { DASHBOARDS } from './contents';

export interface Source {
  uid: string;
  name: string;
  /** `SIMULATED`, `LIVE` or `REPLAY`; undefined when it does not answer. */
  origin: string | undefined;
}

/** Every Tickscope data source of this Grafana, with where its data comes from. */
export async function sourcesWithOrigin(): Promise<Source[]> {
  const service = getDataSourceSrv();
  return Promise.all(
    service.getList({ type: DATASOURCE_ID }).map(async ({ uid, name }) => {
      const origins = service
        .get(uid)
        .then((source) => source.metricFindQuery?.({ refId: 'origin', kind: 'origin' }) ?? [])
        .catch(() => []);
      return { uid, name, origin: (await origins)[0]?.text };
    }),
  );
}

/** Which of our dashboards this Grafana has. */
export async function installedDashboards(): Promise<Set<string>> {
  const found: Array<{ uid: string }> = await getBackendSrv().get('/api/search', {
    type: 'dash-db',
    dashboardUIDs: DASHBOARDS.map(({ uid }) => uid),
  });
  return new Set(found.map(({ uid }) => uid));
}
