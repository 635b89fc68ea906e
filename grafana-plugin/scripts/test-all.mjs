// What `npm test` at the root runs of the plugin: installs its packages when they are not as its lock file says, builds
// front end and back end, checks the types against the oldest and the newest Grafana, and runs every test of both.
// Without Go the back end is left out, loudly; with CI=true that is a failure.
import { spawnSync } from 'node:child_process';
import { install, PLUGIN } from './installed.mjs';

const started = Date.now();

function run(command, ...args) {
  console.log(`\nplugin (${Math.round((Date.now() - started) / 1000)} s): ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, { cwd: PLUGIN, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

install('.');
run('npm', 'run', '--silent', 'build');

const go = spawnSync('go', ['version'], { encoding: 'utf8' });
const hasGo = go.status === 0;
if (!hasGo && process.env.CI) {
  console.error('plugin: Go is not on the path, and with CI=true the back end must be tested.');
  process.exit(1);
}
if (hasGo) run('npm', 'run', '--silent', 'build:backend');
run('npm', 'run', '--silent', 'typecheck');
run('npm', 'run', '--silent', 'levitate');
run('npx', 'vitest', 'run');
if (hasGo) {
  run('go', 'vet', './...');
  run('go', 'test', './...');
} else console.warn('plugin: Go is not on the path: the back end was NOT built and NOT tested.');
