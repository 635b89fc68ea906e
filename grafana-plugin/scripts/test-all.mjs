// What `npm test` at the root runs of the plugin: installs its packages when they are not as its lock file says, builds
// front end and back end, checks the types against the oldest and the newest Grafana, and runs every test of both.
// Without Go the back end is left out, loudly; with CI=true that is a failure. The back end's tests mostly wait for a
// running Tickscope, so the checks of the front end run beside them; what measures pixels and time runs alone.
import { spawn } from 'node:child_process';
import { install, PLUGIN } from './installed.mjs';

const started = Date.now();
const seconds = () => Math.round((Date.now() - started) / 1000);

/** Runs one command. `quiet` keeps its output together until it has ended. */
function run(command, args, { quiet = false } = {}) {
  const said = `plugin (${seconds()} s): ${command} ${args.join(' ')}`;
  if (!quiet) console.log(`\n${said}`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: PLUGIN, stdio: quiet ? 'pipe' : 'inherit' });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (quiet) process.stdout.write(`\n${said}\n${Buffer.concat(output)}`);
      if (status === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}`));
    });
  });
}

/** Whether a command is there. */
const present = (command, ...args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('close', (status) => resolve(status === 0));
  });

async function backEnd() {
  await run('go', ['vet', './...'], { quiet: true });
  await run('go', ['test', './...'], { quiet: true });
}

async function frontEnd() {
  await run('npm', ['run', '--silent', 'typecheck']);
  await run('npm', ['run', '--silent', 'levitate']);
}

async function main() {
  const hasGo = await present('go', 'version');
  if (!hasGo && process.env.CI) {
    throw new Error('Go is not on the path, and with CI=true the back end must be tested.');
  }
  install('.');
  install('compat/grafana-10.4', '--ignore-scripts');
  await run('npm', ['run', '--silent', 'build']);
  if (hasGo) await run('npm', ['run', '--silent', 'build:backend']);
  const results = await Promise.allSettled([hasGo ? backEnd() : undefined, frontEnd()]);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  await run('npx', ['vitest', 'run']);
  if (process.env.GRAFANA_URL) await run('npm', ['run', '--silent', 'e2e']);
  else {
    console.warn(
      'plugin: GRAFANA_URL is not set: the editors and the panel were NOT tried in a running Grafana (npm run e2e).',
    );
  }
  if (!hasGo) console.warn('plugin: Go is not on the path: the back end was NOT built and NOT tested.');
  console.log(`plugin: everything passed in ${seconds()} s`);
}

main().catch((error) => {
  console.error(`plugin: ${error.message}`);
  process.exitCode = 1;
});
