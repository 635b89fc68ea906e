import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

interface Props {
  following: boolean;
  selecting: boolean;
  onNewest(): void;
  onSelecting(): void;
  /** Missing when the panel may not set the dashboard's time range. */
  onUseView: (() => void) | undefined;
}

/** What the mouse alone would not find: selecting a span, taking the view as time range, going to the newest candle. */
export function Toolbar({ following, selecting, onNewest, onSelecting, onUseView }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.bar} data-tickscope-toolbar="">
      {!following && (
        <button
          type="button"
          className={styles.button}
          title="Scroll to the newest candle (End)"
          onClick={onNewest}
        >
          Newest
        </button>
      )}
      {onUseView && (
        <button
          type="button"
          className={styles.button}
          title="Set the dashboard's time range to what is on the screen"
          onClick={onUseView}
        >
          Use view
        </button>
      )}
      <button
        type="button"
        className={cx(styles.button, selecting && styles.active)}
        aria-pressed={selecting}
        title="Drag over the chart to zoom into a span (the same as Shift and drag)"
        onClick={onSelecting}
      >
        Select
      </button>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({
    position: 'absolute',
    right: 80,
    top: 4,
    zIndex: 3,
    display: 'flex',
    gap: 4,
    transition: 'opacity 120ms',
  }),
  button: css({
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: 2,
    background: theme.colors.background.secondary,
    color: theme.colors.text.secondary,
    fontSize: 11,
    lineHeight: '18px',
    padding: '0 6px',
    '&:hover': { color: theme.colors.text.primary },
  }),
  active: css({ color: theme.colors.primary.text, borderColor: theme.colors.primary.border }),
});
