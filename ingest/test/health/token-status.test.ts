import { expect, test } from 'vitest';
import { tokenStatus } from '../../src/health/token-status.js';

const at = (time: string) => Date.parse(`2026-11-18T${time}:00+05:30`);
const HOUR_MS = 3_600_000;
const facts = {
  hasToken: true,
  expires: true,
  expiresAt: at('06:00') + 24 * HOUR_MS,
  nextOpenAt: at('09:15'),
  now: at('08:00'),
};

test('a token of the morning lives through the session', () => {
  expect(tokenStatus(facts)).toEqual({
    expiresAt: facts.expiresAt,
    valid: true,
    validAtNextOpen: true,
    message: null,
  });
});

test('in the evening it is said that tomorrow needs another', () => {
  const evening = tokenStatus({ ...facts, now: at('18:00'), nextOpenAt: at('09:15') + 24 * HOUR_MS });
  expect(evening).toMatchObject({ valid: true, validAtNextOpen: false });
  expect(evening.message).toContain('dies in 12 hours, before the market opens next');
  const soon = tokenStatus({
    ...facts,
    now: at('05:30') + 24 * HOUR_MS,
    nextOpenAt: at('09:15') + 24 * HOUR_MS,
  });
  expect(soon.message).toContain('30 minutes');
});

test('one of an earlier day and none at all ask for a login', () => {
  expect(tokenStatus({ ...facts, expiresAt: at('06:00') })).toMatchObject({
    valid: false,
    validAtNextOpen: false,
    message: expect.stringContaining('of an earlier day'),
  });
  expect(tokenStatus({ ...facts, hasToken: false, expiresAt: undefined })).toMatchObject({
    expiresAt: null,
    valid: false,
    message: expect.stringContaining('tickscope login'),
  });
});

test('what needs no token never expires', () => {
  expect(tokenStatus({ ...facts, expires: false, expiresAt: at('06:00') })).toMatchObject({
    expiresAt: null,
    valid: true,
    validAtNextOpen: true,
  });
});
