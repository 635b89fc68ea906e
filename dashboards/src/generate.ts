import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { asText, dashboards } from './dashboards.js';

/** `npm run dashboards`: writes every dashboard to dashboards/json. */
const folder = new URL('../../json/', import.meta.url);
for (const [name, board] of dashboards()) {
  const file = new URL(`${name}.json`, folder);
  await writeFile(file, asText(board));
  console.log(fileURLToPath(file));
}
