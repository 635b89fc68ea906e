/** npm passes a Ctrl-C on to a program that the terminal has told already: that is one wish, not two. */
const SAME_WISH_MS = 1_000;

/**
 * Resolves with the first SIGINT or SIGTERM. A second one, clearly later, ends the process at once.
 * @param onForced said before the process ends.
 */
export function firstStopSignal(onForced: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const heard = (signal: NodeJS.Signals) => {
      const now = performance.now();
      if (firstAt === undefined) {
        firstAt = now;
        resolve(signal);
      } else if (now - firstAt > SAME_WISH_MS) {
        onForced();
        process.exit(1);
      }
    };
    process.on('SIGINT', heard);
    process.on('SIGTERM', heard);
  });
}
