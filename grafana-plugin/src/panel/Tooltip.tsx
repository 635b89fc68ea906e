import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';
import { type ReadingStore, takeTelling, usePointed } from './reading-store';

interface Props {
  store: ReadingStore;
  width: number;
  height: number;
}

const WIDTH_PX = 270;
const DISTANCE_PX = 16;
/** Room that a text of a few lines takes, so that it does not leave the panel at the bottom. */
const LIKELY_HEIGHT_PX = 120;

/** Why a candle looks as it does, what a hole is, what an annotation says. Nothing for a plain candle. */
export function Tooltip({ store, width, height }: Props) {
  const styles = useStyles2(getStyles);
  const { reading, at } = usePointed(store, takeTelling) ?? {};
  if (!reading || !at) return null;
  if (reading.onlyHealed && reading.notes.length === 0) {
    return (
      <div
        className={styles.aside}
        style={at.x > width / 2 ? { left: 8 } : { right: 84 }}
        data-testid="tickscope tooltip"
      >
        {reading.sentences[0]}
      </div>
    );
  }
  const left = at.x > width / 2 ? Math.max(4, at.x - WIDTH_PX - DISTANCE_PX) : at.x + DISTANCE_PX;
  const top = Math.max(4, Math.min(at.y + DISTANCE_PX, height - LIKELY_HEIGHT_PX));
  return (
    <div
      className={styles.tip}
      style={{ left, top, width: Math.min(WIDTH_PX, width - 8) }}
      data-testid="tickscope tooltip"
    >
      <div className={styles.when}>{reading.when}</div>
      {reading.sentences.map((sentence) => (
        <div key={sentence}>{sentence}</div>
      ))}
      {reading.notes.map((note, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two annotations may say the same
        <div key={index} className={styles.note} style={{ borderLeftColor: note.color }}>
          {note.title && <b>{note.title}</b>} {note.text}
          {note.tags.length > 0 && <div className={styles.tags}>{note.tags.join(', ')}</div>}
        </div>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  aside: css({
    position: 'absolute',
    bottom: 34,
    zIndex: 4,
    pointerEvents: 'none',
    padding: theme.spacing(0.25, 0.75),
    borderRadius: 3,
    background: theme.colors.background.secondary,
    border: `1px solid ${theme.colors.border.weak}`,
    color: theme.colors.text.secondary,
    fontSize: 11,
  }),
  tip: css({
    position: 'absolute',
    zIndex: 4,
    pointerEvents: 'none',
    padding: theme.spacing(0.75, 1),
    borderRadius: 3,
    background: theme.colors.background.secondary,
    border: `1px solid ${theme.colors.border.medium}`,
    boxShadow: theme.shadows.z2,
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
    lineHeight: 1.4,
  }),
  when: css({ fontWeight: 500, marginBottom: 2 }),
  note: css({ borderLeft: '3px solid', paddingLeft: 6, marginTop: 4 }),
  tags: css({ color: theme.colors.text.secondary, fontSize: 11 }),
});
