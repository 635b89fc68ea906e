import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchResult } from './result.js';

const PLUGIN = fileURLToPath(new URL('../../grafana-plugin/', import.meta.url));

/**
 * What a frame of scrolling costs the candles panel, in Chromium. The plugin is a package of its own with a browser's
 * tools, so the bench lies there (`grafana-plugin/bench/panel.ts`) and prints its results; this passes them on.
 */
export const panelBench: Bench = () => resultsOf('node', ['bench/run.mjs', 'panel']);

/** Runs a program in the plugin's folder that prints one result a line. @throws with its words when it fails */
export function resultsOf(command: string, args: readonly string[]): Promise<BenchResult[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: PLUGIN, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) {
        reject(
          new Error(`${command} ${args.join(' ')} in grafana-plugin ended with ${code} (npm ci there?).`),
        );
        return;
      }
      const lines = output.split('\n').filter((line) => line.startsWith('{'));
      resolve(lines.map((line) => JSON.parse(line) as BenchResult));
    });
  });
}
