import { css } from '@emotion/css';
import { type GrafanaTheme2, locationUtil } from '@grafana/data';
import { PluginPage } from '@grafana/runtime';
import { Alert, LinkButton, useStyles2 } from '@grafana/ui';
import React, { useEffect, useState } from 'react';
import { DATASOURCE_ID } from '../constants';
import { DASHBOARDS, PLUGINS } from './contents';
import { installedDashboards, type Source, sourcesWithOrigin } from './sources';

/** The app's only page: what is inside, where its data comes from, and where to look first. */
export function Landing() {
  const styles = useStyles2(getStyles);
  const [sources, setSources] = useState<Source[]>();
  const [dashboards, setDashboards] = useState<Set<string>>();
  useEffect(() => {
    sourcesWithOrigin().then(setSources, () => setSources([]));
    installedDashboards().then(setDashboards, () => setDashboards(new Set()));
  }, []);
  const present = DASHBOARDS.filter(({ uid }) => dashboards?.has(uid));
  return (
    <PluginPage>
      <section className={styles.section}>
        <p>Market-data observability for Indian exchanges: every tick recorded, no hole hidden.</p>
        {sources?.length === 0 && (
          <Alert severity="info" title="No Tickscope data source yet">
            Add one with the URL of a running Tickscope.{' '}
            <LinkButton
              size="sm"
              href={locationUtil.assureBaseUrl(`/connections/datasources/${DATASOURCE_ID}`)}
            >
              Add data source
            </LinkButton>
          </Alert>
        )}
        {sources?.map(({ uid, name, origin }) => (
          <p key={uid}>
            <a className={styles.link} href={locationUtil.assureBaseUrl(`/datasources/edit/${uid}`)}>
              {name}
            </a>
            {': '}
            {origin === undefined ? 'no answer: open it and press Save & test' : <strong>{origin}</strong>}
          </p>
        ))}
      </section>
      <section className={styles.section}>
        <h3>Dashboards</h3>
        {dashboards !== undefined && present.length === 0 && (
          <p>
            None provisioned. They lie in the repository under dashboards/json; import them or mount the
            folder.
          </p>
        )}
        <ul className={styles.list}>
          {present.map(({ uid, title, description }) => (
            <li key={uid}>
              <a className={styles.link} href={locationUtil.assureBaseUrl(`/d/${uid}`)}>
                {title}
              </a>
              <span className={styles.muted}> {description}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className={styles.section}>
        <h3>Inside</h3>
        <ul className={styles.list}>
          {PLUGINS.map(({ name, description }) => (
            <li key={name}>
              {name}
              <span className={styles.muted}> {description}</span>
            </li>
          ))}
        </ul>
      </section>
    </PluginPage>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  section: css({ marginBottom: theme.spacing(3), maxWidth: theme.breakpoints.values.lg }),
  list: css({ listStyle: 'none', li: { marginBottom: theme.spacing(1) } }),
  link: css({ color: theme.colors.text.link }),
  muted: css({ color: theme.colors.text.secondary }),
});
