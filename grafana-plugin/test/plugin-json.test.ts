// @vitest-environment node
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { APP_ID, DATASOURCE_ID, PANEL_ID } from '../src/constants';

const read = (folder: string) => JSON.parse(readFileSync(`src/${folder}plugin.json`, 'utf8'));

test('the three plugins keep the ids that dashboards and provisioning name', () => {
  expect([read('').id, read('datasource/').id, read('panel/').id]).toEqual([APP_ID, DATASOURCE_ID, PANEL_ID]);
});

test('the data source has a back end that alerting, annotations and streams can reach', () => {
  expect(read('datasource/')).toMatchObject({
    backend: true,
    alerting: true,
    annotations: true,
    streaming: true,
    metrics: true,
    executable: 'gpx_tickscope_market',
  });
});

test('the app names both nested plugins', () => {
  const paths = read('').includes.map((include: { path: string }) => include.path);
  expect(paths).toEqual(expect.arrayContaining(['datasource/plugin.json', 'panel/plugin.json']));
});
