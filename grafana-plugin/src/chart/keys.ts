/** What a key does to the chart. */
export type Action =
  | { kind: 'move'; slots: number }
  | { kind: 'zoom'; factor: number }
  | { kind: 'end'; newest: boolean }
  | { kind: 'clear' };

const FAR_SLOTS = 10;
const ZOOM_STEP = 1.25;

/** Arrows move the crosshair (with Shift ten bars), + and - zoom, Home and End go to the ends, Escape lets go. */
export function actionOf({ key, shiftKey }: { key: string; shiftKey: boolean }): Action | undefined {
  switch (key) {
    case 'ArrowLeft':
      return { kind: 'move', slots: shiftKey ? -FAR_SLOTS : -1 };
    case 'ArrowRight':
      return { kind: 'move', slots: shiftKey ? FAR_SLOTS : 1 };
    case '+':
    case '=':
      return { kind: 'zoom', factor: ZOOM_STEP };
    case '-':
    case '_':
      return { kind: 'zoom', factor: 1 / ZOOM_STEP };
    case 'Home':
      return { kind: 'end', newest: false };
    case 'End':
      return { kind: 'end', newest: true };
    case 'Escape':
      return { kind: 'clear' };
    default:
      return undefined;
  }
}
