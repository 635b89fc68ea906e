/** Takes the binary dust off a difference of prices; currency derivatives have seven decimals. */
export function withoutDust(rupees: number): number {
  return Math.round(rupees * 1e7) / 1e7;
}
