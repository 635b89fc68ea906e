import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';
import type { PanelMessage } from './no-candles';

interface Props {
  message: PanelMessage;
  width: number;
  height: number;
}

/** Stands where the chart would: why there is none, and what to do. */
export function Message({ message, width, height }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.box} style={{ width, height }} role="status" data-testid="tickscope message">
      <div className={styles.text}>
        <div className={styles.title}>{message.title}</div>
        {message.text}
      </div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({ display: 'flex', alignItems: 'center', justifyContent: 'center', overflow: 'auto' }),
  text: css({
    maxWidth: 440,
    padding: theme.spacing(1),
    textAlign: 'center',
    color: theme.colors.text.secondary,
  }),
  title: css({ color: theme.colors.text.primary, fontSize: theme.typography.h5.fontSize, marginBottom: 4 }),
});
