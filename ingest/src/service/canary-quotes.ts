import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, BrokerQuote } from '../broker/broker.js';

const CANARIES = [
  { exchange: 'NSE', symbol: 'NIFTY 50' },
  { exchange: 'NSE', symbol: 'INDIA VIX' },
];
/** Between the two looks; NIFTY 50 moves every second of a session. */
const APART_MS = 2_500;

/** Whether the market moves by REST while the feed is silent: tells a deaf feed from a halt. @throws BrokerError */
export async function canaryQuotesMove(broker: Broker): Promise<boolean> {
  const first = await broker.quotes(CANARIES);
  await sleep(APART_MS);
  const second = await broker.quotes(CANARIES);
  return [...second].some(([token, quote]) => moved(first.get(token), quote));
}

function moved(before: BrokerQuote | undefined, after: BrokerQuote): boolean {
  return (
    before !== undefined &&
    (before.lastPrice !== after.lastPrice || before.exchangeTime !== after.exchangeTime)
  );
}
