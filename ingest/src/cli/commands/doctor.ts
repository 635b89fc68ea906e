import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { ConfigInvalid, readEnvironment } from '../../config/config.js';
import { describeEnvironment } from '../../config/print.js';
import { calendarFor } from '../../service/calendar.js';
import {
  brokerFinding,
  calendarFinding,
  clockFinding,
  databaseFindings,
  diskFinding,
  type Finding,
  grafanaFinding,
} from '../../service/diagnosis.js';
import { fileFindings } from '../../service/diagnosis-files.js';
import { withBroker } from '../../service/offline.js';
import { embeddedFolder, spoolFolder } from '../../service/open-database.js';
import { originOf } from '../../service/origin.js';
import { sourceOf } from '../../service/source.js';
import { readSetting, type Setting, withDatabase } from '../command.js';
import { CommandFailed, messageOf } from '../errors.js';
import type { Terminal } from '../terminal.js';

const MARK = { ok: 'ok  ', attention: 'look', broken: 'FAIL' } as const;

export function doctorCommand(terminal: Terminal): Command {
  return new Command('doctor')
    .description(
      'Look at configuration, database, jobs, broker, clock, calendar, disk and Grafana, and say what to do. Changes nothing.',
    )
    .option('--json', 'one JSON document on stdout')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = await examine(terminal);
      if (json) terminal.print(JSON.stringify({ findings }, null, 2));
      else for (const finding of findings) terminal.print(line(finding));
      const broken = findings.filter(({ verdict }) => verdict === 'broken');
      if (broken.length > 0) throw new CommandFailed(`${broken.length} of ${findings.length} checks failed.`);
    });
}

function line(finding: Finding): string {
  const { verdict, what, found } = finding;
  return `${MARK[verdict]}  ${what}: ${found}${finding.verdict === 'ok' ? '' : `\n      ${finding.todo}`}`;
}

async function examine(terminal: Terminal): Promise<Finding[]> {
  let setting: Setting;
  try {
    setting = readSetting(terminal, true);
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    return error.problems.map((found) => ({
      what: 'configuration',
      verdict: 'broken',
      found,
      todo: 'change it; README.md lists every variable',
    }));
  }
  const { config } = setting;
  const set = Object.entries(describeEnvironment(readEnvironment(terminal.env, terminal.folder)));
  const findings: Finding[] = [
    {
      what: 'configuration',
      verdict: 'ok',
      found:
        set.length === 0 ? 'nothing set: the demo' : set.map(([name, value]) => `${name}=${value}`).join(' '),
    },
    ...config.warnings.map(
      (found): Finding => ({
        what: 'configuration',
        verdict: 'attention',
        found,
        todo: 'change it, unless it is meant',
      }),
    ),
  ];
  const spoolDir = config.spool.dir ?? spoolFolder(config, await originOf(config).catch(() => ''));
  findings.push(...(await fileFindings(config, terminal.folder, spoolDir)));
  findings.push(await diskFinding(nearestFolder(config.dataDir)));
  if (config.spool.dir) findings.push(await diskFinding(nearestFolder(config.spool.dir)));
  findings.push(
    ...(await attempt('database', 'check DATABASE_URL and that the server runs', () =>
      examineDatabase(setting),
    )),
  );
  findings.push(
    ...(await attempt('broker', 'check the broker settings; `tickscope login` gets a token', () =>
      examineBroker(setting),
    )),
  );
  if (config.grafanaUrl) findings.push(await grafanaFinding(config.grafanaUrl));
  return findings;
}

async function examineDatabase(setting: Setting): Promise<Finding[]> {
  const { config } = setting;
  const folder = embeddedFolder(config, await originOf(config));
  if (!config.database.url && !existsSync(folder)) {
    return [
      {
        what: 'database',
        verdict: 'ok',
        found: `embedded PostgreSQL, which the first start makes in ${folder}`,
      },
    ];
  }
  return await withDatabase(setting, ({ db, where }, origin) => databaseFindings(db, where, origin));
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

async function examineBroker({ config, log }: Setting): Promise<Finding[]> {
  const plan = await sourceOf(config);
  return await withBroker(config, plan, log, async (broker, apiUrl) => [
    await brokerFinding(config, () => broker.profile()),
    await clockFinding(apiUrl),
    calendarFinding(await calendarFor(plan.origin, apiUrl), plan.clock.now()),
  ]);
}

/** A part that cannot even be looked at is broken, and the others are looked at all the same. */
async function attempt(what: string, todo: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [{ what, verdict: 'broken', found: messageOf(error), todo }];
  }
}
