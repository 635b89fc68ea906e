import { expect, it } from 'vitest';
import { readWatermarks } from '../../src/db/aggregates.js';
import { compressAged, readFailedPolicies, refreshForward } from '../../src/db/stand-in.js';
import { eachDatabase } from '../fixtures/databases.js';
import { INFY, seedInstruments, seedTicks } from './seed.js';

const NOW = Date.parse('2026-11-20T09:30:00Z');
const retention = {
  ticksDays: 0,
  depthDays: 0,
  candlesDays: { '1m': 0, '5m': 0, '15m': 0, '1h': 0, '1d': 0 },
  compressTicksAfterDays: 1,
  compressDepthAfterDays: 0,
};

eachDatabase((server) => {
  if (server.kind !== 'timescale') {
    it('has no policies that could fail on plain PostgreSQL', async () => {
      const db = await server.open();
      expect((await readWatermarks(db.pool)).size).toBe(5);
    });
    return;
  }

  it('does the work of failed policies: refreshed to 2 minutes ago, old chunks compressed, candles the same', async () => {
    const db = await server.open();
    await seedInstruments(db, '2026-12-29', NOW);
    await seedTicks(db.pool, INFY, '2026-11-18T03:45:00Z', '2026-11-18T04:45:00Z');
    await seedTicks(db.pool, INFY, '2026-11-20T08:30:00Z', '2026-11-20T09:30:00Z');
    const candles = async () =>
      (await db.pool.query('select * from tick_candles_5m order by bucket, instrument_token')).rows;
    const before = await candles();
    const client = await db.connect('test');
    try {
      await refreshForward(client, NOW);
      const watermark = (await readWatermarks(client)).get('tick_candles_1m')!;
      expect(new Date(watermark).toISOString()).toBe('2026-11-20T09:28:00.000Z');
      expect(await compressAged(client, retention, NOW)).toBe(1);
      expect(await compressAged(client, retention, NOW)).toBe(0);
    } finally {
      await client.end();
    }
    expect(before).toHaveLength(24);
    expect(await candles()).toEqual(before);
  });

  it('knows a policy whose last run failed, and why', async () => {
    const db = await server.open();
    const { rows } = await db.pool.query<{ id: number }>(
      `select job_id as id from timescaledb_information.jobs where hypertable_name is not null
         and proc_name = 'policy_refresh_continuous_aggregate' order by 1 limit 1`,
    );
    // Its aggregate's id does not exist: this run of the job fails on any server.
    await db.pool
      .query(
        `update _timescaledb_catalog.bgw_job set config = jsonb_set(config, '{mat_hypertable_id}', '999999'), next_start = now()
       where id = $1`,
        [rows[0]!.id],
      )
      .catch(() => undefined);
    await db.pool.query(`select alter_job($1, next_start => now(), schedule_interval => interval '1 s')`, [
      rows[0]!.id,
    ]);
    await expect
      .poll(async () => (await readFailedPolicies(db.pool)).map(({ work }) => work), {
        timeout: 60_000,
        interval: 500,
      })
      .toContain('refresh');
    expect((await readFailedPolicies(db.pool))[0]).toMatchObject({
      work: 'refresh',
      message: expect.stringMatching(/./),
    });
  });
});
