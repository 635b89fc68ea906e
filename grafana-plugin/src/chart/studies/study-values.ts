import type { Slot } from '../timeline';
import type { Study, StudyRun, Values } from './study';

/** The values of one study over the slots of a chart. Only the newest bar is computed again while it changes. */
export class StudyValues {
  #run: StudyRun;
  #values: (Values | null)[] = [];
  #lastBar = -1;

  constructor(readonly study: Study) {
    this.#run = study.run();
  }

  /** Outputs at a slot; null where it has no bar. */
  at(index: number): Values | null {
    return this.#values[index] ?? null;
  }

  /**
   * Brings the values up to date after slots from `changed` on are new or different.
   * @returns the first slot whose values may be different now
   */
  follow(slots: readonly Slot[], changed: number, opensSession: (index: number) => boolean): number {
    const tail = changed > 0 && changed >= this.#lastBar && this.#lastBar >= 0 && this.#values.length > 0;
    let from = changed;
    if (!tail) {
      this.#run = this.study.run();
      this.#values = [];
      this.#lastBar = -1;
      from = 0;
    }
    this.#values.length = Math.min(this.#values.length, slots.length);
    for (let i = from; i < slots.length; i++) {
      const bar = (slots[i] as Slot).bar;
      if (!bar) this.#values[i] = null;
      else if (i === this.#lastBar) this.#values[i] = this.#run.replace(bar);
      else {
        // A session may open on an empty slot, in a hole: its first bar is the one that counts.
        this.#values[i] = this.#run.add(
          bar,
          this.#lastBar < 0 || opensBetween(this.#lastBar, i, opensSession),
        );
        this.#lastBar = i;
      }
    }
    return from;
  }
}

function opensBetween(lastBar: number, index: number, opensSession: (index: number) => boolean): boolean {
  for (let i = lastBar + 1; i <= index; i++) if (opensSession(i)) return true;
  return false;
}
