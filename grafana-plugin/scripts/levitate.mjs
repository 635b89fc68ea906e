/**
 * Holds what the plugin imports of @grafana/* against the oldest supported Grafana, as `levitate is-compatible` does:
 * anything that the newest has and the oldest has not, or has otherwise, is a failure. levitate's command downloads both
 * sides from the registry at each run and calls a failed download compatible; here its library is given the packages
 * that both lock files have installed, so that no network is needed and nothing passes unseen.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  compareExports,
  createTsProgram,
  getIncompatibilitiesFromComparison,
  getPackageUsage,
  getSymbolDiff,
  resolvePackage,
} from '@grafana/levitate';

const PACKAGES = ['@grafana/data', '@grafana/ui', '@grafana/runtime'];
const NEWEST = '.';
const OLDEST = 'compat/grafana-10.4';
/** Everything that Grafana loads of this plugin: levitate starts here and follows the imports. */
const ENTRY = 'compat/modules.ts';

const SAME_NAME_OTHER_FILE =
  'the parameter has the same type; 13.2 declares it in a file of its own and only re-exports it';
const SAME_INTERFACE =
  'the parameter is PanelOptionsEditorConfig<TOptions, TSettings, TValue> on both; 13.2 imports the interface that 10.4 declares in place';

/**
 * Changes of text and not of behaviour, each with its reason. `npm run typecheck` compiles the calls against both
 * versions. A removed symbol is never accepted, and an entry that levitate no longer reports must go.
 */
const ACCEPTED = {
  'PanelOptionsEditorBuilder.addSelect': SAME_INTERFACE,
  'PanelOptionsEditorBuilder.addRadio': SAME_INTERFACE,
  'PanelOptionsEditorBuilder.addBooleanSwitch': SAME_INTERFACE,
  'PanelPlugin.setPanelOptions': SAME_NAME_OTHER_FILE,
  'PanelPlugin.useFieldConfig': SAME_NAME_OTHER_FILE,
};

/** A package as it was published: beside nothing, as levitate expects it (types of its neighbours stay unresolved). */
async function published(root, name, folder) {
  const from = path.join(root, 'node_modules', name);
  const to = path.join(folder, root === NEWEST ? 'newest' : 'oldest', name);
  cpSync(from, to, {
    recursive: true,
    filter: (file) => !file.includes(`${from}${path.sep}node_modules`) && !/\.(map|js|cjs|mjs)$/.test(file),
  });
  const { version } = JSON.parse(readFileSync(path.join(to, 'package.json'), 'utf8'));
  return { types: await resolvePackage(to), version };
}

function difference({ name, change }) {
  const side = (symbol, program) => ({ key: name, symbol, program });
  return getSymbolDiff({
    prev: side(change.prev, change.prevProgram),
    current: side(change.current, change.currentProgram),
    options: { useAnsi: false, showLegend: false },
  });
}

async function incompatibilities(folder) {
  const program = createTsProgram(ENTRY);
  const found = [];
  for (const name of PACKAGES) {
    const newest = await published(NEWEST, name, folder);
    const oldest = await published(OLDEST, name, folder);
    const comparison = compareExports(newest.types, oldest.types, {});
    const differing = { exports: { ...comparison.changes, ...comparison.removals } };
    console.log(
      `${name} ${newest.version} against ${oldest.version}: ${Object.keys(differing.exports).length} exports differ`,
    );
    for (const [sourceFile, usages] of getPackageUsage(program, differing, name)) {
      found.push(...getIncompatibilitiesFromComparison({ sourceFile, usages, comparison }));
    }
  }
  return found;
}

const folder = mkdtempSync(path.join(tmpdir(), 'tickscope-levitate-'));
try {
  const found = await incompatibilities(folder);
  const refused = found.filter((item) => item.removal !== undefined || !(item.name in ACCEPTED));
  for (const item of refused) {
    const where = path.relative(process.cwd(), item.sourceFile.fileName);
    const what =
      item.removal === undefined ? `differs:\n${difference(item)}` : 'is missing in the oldest Grafana';
    console.error(`${where} uses ${item.name}, which ${what}`);
  }
  const stale = Object.keys(ACCEPTED).filter((name) => !found.some((item) => item.name === name));
  for (const name of stale) {
    console.error(`${name} is accepted in scripts/levitate.mjs, but nothing is reported of it any more`);
  }
  if (refused.length > 0 || stale.length > 0) {
    process.exitCode = 1;
  } else {
    console.log(
      `levitate: nothing that an older Grafana lacks (${found.length} moved declarations accepted)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
