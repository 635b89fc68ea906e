import { build } from 'esbuild';

/** Bundles a browser entry with everything that Grafana would provide. @returns the script */
export async function bundle(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    jsx: 'transform',
    target: 'es2022',
    loader: {
      '.svg': 'dataurl',
      '.woff2': 'dataurl',
      '.woff': 'dataurl',
      '.png': 'dataurl',
      '.ttf': 'empty',
      '.css': 'empty',
    },
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    logLevel: 'error',
  });
  const script = result.outputFiles.find(({ path }) => !path.endsWith('.css'));
  if (!script) throw new Error(`esbuild gave no script for ${entry}`);
  return script.text;
}
