import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.js';
import { SENT_HEAD_BYTES } from '../../src/simulator/stream/sent-log.js';
import { until, WireClient } from './wire.js';

/** Frames of a log of what was sent. */
function framesOf(log: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < log.length; ) {
    const end = at + SENT_HEAD_BYTES + log.readUInt32BE(at + 12);
    frames.push(log.subarray(at + SENT_HEAD_BYTES, end));
    at = end;
  }
  return frames;
}

it('keeps every frame as it was before it was damaged, in the order of sending', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tickscope-sent-'));
  const sentLog = join(folder, 'sent');
  const simulator = await startSimulator({ port: 0, calendar: 'nonstop', rate: 500, sentLog });
  const client = await WireClient.connect(simulator.wsUrl);
  try {
    client.full(simulator.exchange.instruments.map(({ token }) => token));
    await until(() => client.frames.length > 20);
    simulator.faults.add({ kind: 'corruptFrame' });
    simulator.faults.add({ kind: 'truncatedFrame', count: 2 });
    const damagedFrom = client.frames.length;
    await until(() => client.frames.length > damagedFrom + 20);
  } finally {
    client.close();
    await simulator.stop();
  }
  const kept = framesOf(await readFile(sentLog));
  await rm(folder, { recursive: true });
  const heard = client.frames;
  expect(kept.length).toBeGreaterThanOrEqual(heard.length);
  const differing = heard.filter((frame, i) => !frame.equals(kept[i]!));
  expect(differing.length).toBeGreaterThanOrEqual(1);
  expect(differing.length).toBeLessThanOrEqual(3);
  for (const frame of kept) {
    let at = 2;
    for (let left = frame.readUInt16BE(0); left > 0; left--) at += 2 + frame.readUInt16BE(at);
    expect(at).toBe(frame.length);
  }
});

it('lets quotes stand still while the market is halted, and sends nothing but heartbeats', async () => {
  const simulator = await startSimulator({ port: 0, calendar: 'nonstop', rate: 500, historicalPerSecond: 0 });
  const client = await WireClient.connect(simulator.wsUrl);
  const quote = async () => {
    const response = await fetch(`${simulator.url}/quote?i=NSE:NIFTY%2050`, {
      headers: { authorization: 'token any:any' },
    });
    return ((await response.json()) as { data: Record<string, { timestamp: string }> }).data['NSE:NIFTY 50'];
  };
  try {
    client.full(simulator.exchange.instruments.map(({ token }) => token));
    await until(() => client.frames.length > 5);
    simulator.faults.add({ kind: 'halt' });
    const first = await quote();
    const { heartbeats } = client;
    const frames = client.frames.length;
    await until(() => client.heartbeats > heartbeats + 2);
    expect(client.frames.length).toBeLessThanOrEqual(frames + 1);
    expect(await quote()).toEqual(first);
    simulator.faults.clear();
    await until(() => client.frames.length > frames + 5);
    expect(await quote()).not.toEqual(first);
  } finally {
    client.close();
    await simulator.stop();
  }
});
