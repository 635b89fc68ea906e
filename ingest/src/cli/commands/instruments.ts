import { Command } from 'commander';
import { migrate } from '../../db/migrate.js';
import { claimOrigin } from '../../db/origin.js';
import { syncInstruments } from '../../instruments/store.js';
import { withBroker } from '../../service/offline.js';
import { refuseForeignOrigin } from '../../service/origin.js';
import { sourceOf } from '../../service/source.js';
import { readSetting, withDatabase } from '../command.js';
import type { Terminal } from '../terminal.js';

export function instrumentsCommand(terminal: Terminal): Command {
  const sync = new Command('sync')
    .description(
      "Take the broker's instrument list: new ones added, changed ones updated, expired ones kept but inactive.",
    )
    .option('--json', 'one JSON document on stdout')
    .action(async ({ json }: { json?: boolean }) => {
      const setting = readSetting(terminal, true);
      const { config, log } = setting;
      const plan = await sourceOf(config);
      await withDatabase(setting, async ({ db }, origin) => {
        await refuseForeignOrigin(db, origin);
        await migrate(db, log);
        await claimOrigin(db, origin);
        const result = await withBroker(config, plan, log, async (broker) =>
          syncInstruments(db, broker.name, await broker.instruments(), plan.clock.now()),
        );
        terminal.print(
          json
            ? JSON.stringify(result)
            : `${result.seen} instruments: ${result.added} new, ${result.deactivated} no longer active, ${result.reused} tokens reused.`,
        );
      });
    });
  return new Command('instruments').description("The broker's instrument list").addCommand(sync);
}
