import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { App } from '../context.js';

/** `GET /` and `/assets/*`: the live page and its chart library, as they are on disk: no build. */
export async function pageRoutes(app: App): Promise<void> {
  const folder = join(packageFolder(), 'page');
  await app.register(fastifyStatic, {
    root: folder,
    prefix: '/assets/',
    index: false,
    cacheControl: true,
    maxAge: 0,
    schemaHide: true,
  });
  const library = createRequire(import.meta.url).resolve('lightweight-charts/package.json');
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.sendFile('index.html', folder));
  app.get('/assets/lightweight-charts.js', { schema: { hide: true } }, (_request, reply) =>
    reply.sendFile('lightweight-charts.standalone.production.mjs', join(dirname(library), 'dist'), {
      maxAge: '1d',
    }),
  );
}

/** The package's own folder, whether this runs from `src` or from `dist/src`. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('The page is not part of this installation: no package.json above.');
    folder = parent;
  }
  return folder;
}
