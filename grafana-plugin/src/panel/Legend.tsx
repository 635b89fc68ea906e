import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';
import { percentText } from '../chart/layers/compared';
import type { Prints } from '../chart/model';
import type { Palette } from '../chart/palette';
import { type ReadingStore, takeReading, usePointed } from './reading-store';

interface Props {
  store: ReadingStore;
  name: string;
  /** Where the data come from; anything simulated says so. */
  origin: string | undefined;
  prints: Prints;
  palette: Palette;
  /** Of the panel, to leave out what has no room. */
  width: number;
  height: number;
  notice: string | undefined;
}

/** Narrower than this, only close and change are shown. */
const NARROW_PX = 420;
/** Lower than this, the second line is left out. */
const LOW_PX = 160;

/** Open, high, low, close, change, volume and OI under the cursor, or of the newest candle; below it the indicators. */
export function Legend({ store, name, origin, prints, palette, width, height, notice }: Props) {
  const styles = useStyles2(getStyles);
  const reading = usePointed(store, takeReading);
  const bar = reading?.bar;
  const narrow = width < NARROW_PX;
  const color = (reading?.change ?? 0) >= 0 ? palette.up : palette.down;
  const change = reading?.change ?? null;
  const sign = change === null ? '' : change > 0 ? '+' : change < 0 ? '−' : '';
  return (
    <div className={styles.legend} data-testid="tickscope legend">
      <div className={styles.line}>
        <span className={styles.name}>{name}</span>
        {origin && origin !== 'live' && (
          <span className={styles.simulated}>
            {origin.split(':')[0]?.startsWith('simulator') ? 'SIMULATED' : origin.toUpperCase()}
          </span>
        )}
        {bar ? (
          <>
            {!narrow && (
              <>
                <Value title="O" text={prints.price(bar.open)} />
                <Value title="H" text={prints.price(bar.high)} />
                <Value title="L" text={prints.price(bar.low)} />
              </>
            )}
            <Value title="C" text={prints.price(bar.close)} />
            {change !== null && (
              <span style={{ color }} className={styles.number}>
                {sign}
                {prints.price(Math.abs(change))}
                {reading?.changePercent !== null &&
                  reading?.changePercent !== undefined &&
                  ` (${percentText(reading.changePercent)})`}
              </span>
            )}
            {!narrow && bar.volume !== null && <Value title="Vol" text={prints.volume(bar.volume)} />}
            {!narrow && bar.openInterest !== null && (
              <Value title="OI" text={prints.openInterest(bar.openInterest)} />
            )}
          </>
        ) : (
          reading && (
            <span className={styles.quiet}>
              {reading.sentences.length > 0 ? 'not heard' : 'nothing traded'}
            </span>
          )
        )}
        {reading && !narrow && !reading.latest && <span className={styles.quiet}>{reading.when}</span>}
        {notice && <span className={styles.quiet}>{notice}</span>}
      </div>
      {reading && reading.values.length > 0 && height >= LOW_PX && (
        <div className={cx(styles.line, styles.small)}>
          {reading.values.map((value) => (
            <span key={value.title} className={styles.number}>
              <i className={styles.chip} style={{ background: value.color }} />
              {value.title} <b>{value.text}</b>
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

function Value({ title, text }: { title: string; text: string }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.number}>
      <span className={styles.quiet}>{title}</span> {text}
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  legend: css({
    position: 'absolute',
    top: 2,
    left: 6,
    right: 78,
    zIndex: 2,
    pointerEvents: 'none',
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
    lineHeight: 1.45,
  }),
  line: css({ display: 'flex', flexWrap: 'wrap', columnGap: 9 }),
  small: css({
    fontSize: 11,
    color: theme.colors.text.secondary,
    '& b': { fontWeight: 500, color: theme.colors.text.primary },
  }),
  name: css({ fontWeight: 500 }),
  number: css({ fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }),
  quiet: css({ color: theme.colors.text.secondary }),
  chip: css({
    display: 'inline-block',
    width: 9,
    height: 3,
    marginRight: 4,
    verticalAlign: 'middle',
    borderRadius: 1,
  }),
  simulated: css({
    fontSize: 10,
    letterSpacing: '0.04em',
    padding: '0 4px',
    alignSelf: 'center',
    lineHeight: '15px',
    borderRadius: 2,
    color: theme.colors.warning.text,
    border: `1px solid ${theme.colors.warning.border}`,
  }),
});
