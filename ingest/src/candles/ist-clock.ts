import { IST_OFFSET_MS } from '../sessions/ist.js';

/** `2026-11-20 09:15 IST`, for sentences. */
export function istClock(ms: number): string {
  return `${new Date(ms + IST_OFFSET_MS).toISOString().slice(0, 16).replace('T', ' ')} IST`;
}
