import type { Instrument } from '../instruments/instrument.js';
import type { LiveRegistry } from './live-registry.js';

/** What a first start fetches history of: days of everything, minutes of indices and stocks. */
export function seedInstruments(
  registry: LiveRegistry,
  seeded: boolean,
): { instruments: Instrument[]; favourites: Instrument[] } {
  if (!seeded) return { instruments: [], favourites: [] };
  const instruments = [...registry.current.all()].filter(({ active }) => active);
  const indices = instruments.filter(({ instrumentType }) => instrumentType === 'INDEX');
  const stocks = instruments.filter(({ instrumentType }) => instrumentType === 'EQ');
  return { instruments, favourites: [...indices, ...stocks] };
}
