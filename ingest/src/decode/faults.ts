/** What can be wrong with a frame. `trailing`: bytes after the last announced packet. */
export const FRAME_FAULTS = ['unknown_length', 'truncated', 'trailing'] as const;
export type FrameFault = (typeof FRAME_FAULTS)[number];

/** Is handed the offending bytes: a view that is valid only during the call. `receivedAt` in epoch milliseconds. */
export type KeepFault = (fault: FrameFault, bytes: Buffer, receivedAt: number) => void;

/** Counts what the decoder skipped and hands its bytes to whoever keeps them (`tick_rejects`). */
export class DecodeFaults {
  readonly counts: Record<FrameFault, number> = { unknown_length: 0, truncated: 0, trailing: 0 };

  constructor(private readonly keep?: KeepFault) {}

  add(fault: FrameFault, bytes: Buffer, receivedAt: number): void {
    this.counts[fault]++;
    this.keep?.(fault, bytes, receivedAt);
  }
}
