import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until `look` gives something. @throws when it does not within `withinMs` */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  everyMs = 50,
): Promise<T> {
  const by = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > by) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(everyMs);
  }
}
