import { Command } from 'commander';
import { type Service, serve } from '../../main.js';
import { firstStopSignal } from '../../service/signals.js';
import { type SourcePlan, sourceOf } from '../../service/source.js';
import { readSetting, type Setting } from '../command.js';
import { CommandFailed } from '../errors.js';
import { type Terminal, table } from '../terminal.js';
import { packageVersion } from '../version.js';

export function serveCommand(terminal: Terminal): Command {
  return new Command('serve')
    .description(
      'Run the pipeline: feed, database, healed candles, API and page. Ctrl-C stops it and loses nothing.',
    )
    .option('--wait', 'when another serve writes to the database, wait until it is gone and take over')
    .action(async ({ wait = false }: { wait?: boolean }) => {
      const setting = readSetting(terminal);
      await runService(setting, await sourceOf(setting.config), { wait });
    });
}

/** Runs until a signal, a failure, or the end of `until`. */
export async function runService(
  setting: Setting,
  plan: SourcePlan,
  { until, wait }: { until?: ((service: Service) => Promise<unknown>) | undefined; wait?: boolean } = {},
): Promise<void> {
  const { config, log, terminal } = setting;
  for (const warning of config.warnings) log.warn(warning);
  const stopWish = firstStopSignal(() => terminal.note('Forced to stop: the next start recovers.'));
  const starting = serve(config, plan, packageVersion(), log, wait);
  const service = await starting;
  terminal.print(banner(service));
  const end = await Promise.race([
    stopWish,
    service.failed,
    ...(until ? [until(service).then(() => 'done' as const)] : []),
  ]);
  terminal.print(end instanceof Error ? 'Stopping.' : `Stopping (${end}).`);
  const startedAt = performance.now();
  const clean = await service.stop();
  terminal.print(`Tickscope stopped after ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
  if (end instanceof Error) throw new CommandFailed(end.message);
  if (!clean) throw new CommandFailed('Not everything stopped cleanly; the next start recovers.');
  // Nothing is left to do: a stray timer of a library must not keep the process.
  setTimeout(() => process.exit(0), 1_000).unref();
}

function banner(service: Service): string {
  const data = dataOf(service.origin);
  const rows: Array<[string, string]> = [
    ['open', service.url],
    ['API', `${service.url}/docs`],
    ['metrics', `${service.url}/metrics`],
    ['data from', service.where.source],
    ['database', service.where.database],
  ];
  const warnings = service.warnings().map((warning) => `! ${warning}`);
  return [
    '',
    `Tickscope ${packageVersion()}: ${data}`,
    table(rows),
    ...warnings,
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

function dataOf(origin: string): string {
  if (origin === 'live') return 'live data';
  return origin === 'replay' ? 'REPLAYED data' : `SIMULATED data (${origin})`;
}
