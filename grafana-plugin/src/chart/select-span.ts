/** A drag shorter than this is a click. */
const MIN_DRAG_PX = 6;

/**
 * Selecting a span with Shift and the mouse, or with the mouse alone while `plain()` says so. It listens before the
 * chart, which would otherwise take the drag for a scroll.
 */
export class SelectSpan {
  readonly #stops: (() => void)[] = [];
  #from: number | undefined;
  readonly #band: HTMLElement;

  /**
   * @param element the chart's container
   * @param onSelect given both ends in CSS pixels from the container's left edge, smaller first
   */
  constructor(
    readonly element: HTMLElement,
    color: () => { fill: string; line: string },
    readonly plain: () => boolean,
    readonly onSelect: (left: number, right: number) => void,
  ) {
    this.#band = element.ownerDocument.createElement('div');
    Object.assign(this.#band.style, {
      position: 'absolute',
      top: '0',
      bottom: '0',
      display: 'none',
      zIndex: '3',
      pointerEvents: 'none',
    });
    element.append(this.#band);
    const view = element.ownerDocument;
    const listen = (target: EventTarget, type: string, handler: (event: MouseEvent) => void) => {
      const listener = (event: Event) => handler(event as MouseEvent);
      target.addEventListener(type, listener, true);
      this.#stops.push(() => target.removeEventListener(type, listener, true));
    };
    listen(element, 'mousedown', (event) => {
      if (event.button !== 0 || !(event.shiftKey || this.plain())) return;
      event.stopPropagation();
      event.preventDefault();
      this.#from = this.#x(event);
      const { fill, line } = color();
      Object.assign(this.#band.style, {
        background: fill,
        borderLeft: `1px solid ${line}`,
        borderRight: `1px solid ${line}`,
      });
    });
    listen(view, 'mousemove', (event) => {
      if (this.#from === undefined) return;
      event.stopPropagation();
      const to = this.#x(event);
      const left = Math.min(this.#from, to);
      Object.assign(this.#band.style, {
        display: 'block',
        left: `${left}px`,
        width: `${Math.abs(to - this.#from)}px`,
      });
    });
    listen(view, 'mouseup', (event) => {
      if (this.#from === undefined) return;
      const [from, to] = [this.#from, this.#x(event)];
      this.#cancel();
      event.stopPropagation();
      if (Math.abs(to - from) >= MIN_DRAG_PX) this.onSelect(Math.min(from, to), Math.max(from, to));
    });
  }

  /** Stops an unfinished selection. */
  cancel(): void {
    this.#cancel();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#band.remove();
  }

  #cancel(): void {
    this.#from = undefined;
    this.#band.style.display = 'none';
  }

  #x(event: MouseEvent): number {
    const box = this.element.getBoundingClientRect();
    return Math.min(Math.max(0, event.clientX - box.left), box.width);
  }
}
