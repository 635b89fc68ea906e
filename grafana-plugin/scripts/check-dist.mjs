/**
 * Refuses a build that Grafana could not run: a module that asks the host for something it does not provide, or that
 * carries a second copy of what the host provides. Run after webpack; prints what each module asks for.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What Grafana 9.4 to 13.2 all give a plugin (`module` is SystemJS's own). */
const PROVIDED = new Set([
  'module',
  'lodash',
  'moment',
  'emotion',
  '@emotion/react',
  '@emotion/css',
  'react',
  'react-dom',
  'rxjs',
  'rxjs/operators',
  'react-router',
  'd3',
  '@grafana/data',
  '@grafana/ui',
  '@grafana/runtime',
]);

/** Text that only a bundled copy of a host library contains. */
const BUNDLED = [
  'react/jsx-runtime',
  'react.transitional.element',
  'react.element',
  '__SECRET_INTERNALS_DO_NOT_USE',
];

const dist = path.resolve('dist');
const problems = [];
for (const entry of readdirSync(dist, { recursive: true })) {
  const file = String(entry);
  if (!file.endsWith('.js')) {
    continue;
  }
  const code = readFileSync(path.join(dist, file), 'utf8');
  const asked = /define\((\[[^\]]*\])/.exec(code);
  if (asked) {
    const modules = JSON.parse(asked[1].replaceAll("'", '"'));
    problems.push(
      ...modules.filter((name) => !PROVIDED.has(name)).map((name) => `${file} asks the host for ${name}`),
    );
    console.log(`dist/${file}: ${Math.ceil(code.length / 1024)} KiB, from the host: ${modules.join(' ')}`);
  }
  problems.push(...BUNDLED.filter((text) => code.includes(text)).map((text) => `${file} contains ${text}`));
}
for (const module of ['module.js', 'datasource/module.js', 'panel/module.js']) {
  try {
    readFileSync(path.join(dist, module));
  } catch {
    problems.push(`dist/${module} is missing`);
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
