/**
 * Deterministic randomness: a value is a function of the numbers that name it, never of when it was asked for.
 * That is what lets a tick streamed now and a candle asked for next year tell the same story.
 */

/** Stirs the integer `value` (32 bits of it) into the hash `hash`. */
export function mix(hash: number, value: number): number {
  let h = Math.imul(hash ^ value, 0x9e3779b1);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) + 0x6d2b79f5;
}

/** A hash as a number in [0, 1). */
export function unit(hash: number): number {
  return (hash >>> 0) / 4_294_967_296;
}

/** A hash as a number in [-1, 1). */
export function signed(hash: number): number {
  return (hash >>> 0) / 2_147_483_648 - 1;
}

/** FNV-1a of a string: the name of an instrument as a number. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h, text.length);
}

/** Smooth noise in [-1, 1) with one random value each whole `x`. */
export function valueNoise(hash: number, x: number): number {
  const cell = Math.floor(x);
  const t = x - cell;
  const a = signed(mix(hash, cell));
  if (t === 0) return a;
  const b = signed(mix(hash, cell + 1));
  return a + (b - a) * t * t * (3 - 2 * t);
}

/**
 * A random walk without memory: octaves of noise with periods 1, 2, 4 ... `longest`, each as high as the
 * square root of its period, as a walk's swings are. One step of `x` moves it by about 1 (standard deviation).
 */
export function walk(hash: number, x: number, longest: number): number {
  let sum = 0.5 * valueNoise(hash, x);
  for (let period = 2; period <= longest; period *= 2) {
    sum += Math.sqrt(period) * valueNoise(mix(hash, period), x / period);
  }
  return sum;
}
