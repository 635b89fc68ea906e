import Type from 'typebox';
import { InstrumentKey, NullableInteger, NullableNumber, NullableString, Time } from './common.js';

export const InstrumentItem = Type.Object({
  token: Type.Integer(),
  symbol: Type.String(),
  exchange: Type.String(),
  segment: Type.String(),
  name: NullableString,
  instrumentType: Type.String(),
  expiry: NullableString,
  strike: NullableNumber,
  optionType: NullableString,
  lotSize: Type.Integer(),
  tickSize: Type.Number(),
  underlying: NullableString,
  underlyingToken: NullableInteger,
  active: Type.Boolean(),
});

export const QuoteItem = Type.Object({
  instrument: InstrumentKey,
  time: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'Of the latest tick; null before one.',
  }),
  lastPrice: NullableNumber,
  change: NullableNumber,
  changePercent: NullableNumber,
  previousClose: NullableNumber,
  open: NullableNumber,
  high: NullableNumber,
  low: NullableNumber,
  volume: NullableInteger,
  averagePrice: NullableNumber,
  openInterest: NullableInteger,
  bid: Type.Object({ price: NullableNumber, quantity: NullableInteger }),
  ask: Type.Object({ price: NullableNumber, quantity: NullableInteger }),
  totalBidQuantity: NullableInteger,
  totalAskQuantity: NullableInteger,
  lastTradeTime: NullableString,
  lastQuantity: NullableInteger,
  source: Type.Unsafe<'feed' | 'quote' | null>({
    type: ['string', 'null'],
    description:
      '`quote`: by REST while the connection is away, and stored nowhere. Null before the first tick.',
  }),
});

const Level = Type.Object({ price: Type.Number(), quantity: Type.Integer(), orders: Type.Integer() });
export const BookItem = Type.Object({ time: Time, bids: Type.Array(Level), asks: Type.Array(Level) });

export const TickItem = Type.Object({
  time: Time,
  seq: Type.Integer(),
  lastTradeTime: NullableString,
  exchangeTime: NullableString,
  lastPrice: Type.Number(),
  lastQuantity: NullableInteger,
  volume: NullableInteger,
  volumeDelta: NullableInteger,
  volumeUnplaced: NullableInteger,
  openInterest: NullableInteger,
  bidPrice: NullableNumber,
  askPrice: NullableNumber,
  bidQuantity: NullableInteger,
  askQuantity: NullableInteger,
  isTrade: Type.Boolean(),
  inSession: Type.Boolean(),
  timeSource: Type.String({ description: '`t` last trade, `e` exchange, `r` receipt.' }),
  receivedAt: Time,
});
