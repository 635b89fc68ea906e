import Type from 'typebox';
import { DayText } from './common.js';

/** Which instruments a question about the whole market is about. */
export const MarketSelection = {
  segment: Type.Optional(
    Type.String({ maxLength: 64, default: 'NSE', description: 'As Kite names it; empty for all.' }),
  ),
  type: Type.Optional(Type.Enum(['EQ', 'INDEX', 'FUT', 'CE', 'PE'])),
};
export const DaySelection = { date: Type.Optional(DayText), ...MarketSelection };

export const UnderlyingName = Type.String({ minLength: 1, maxLength: 64, examples: ['NIFTY'] });
