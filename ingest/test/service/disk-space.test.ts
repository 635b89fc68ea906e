import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diskSpace } from '../../src/service/disk-space.js';

test('a folder that nothing was written into yet has the space of the one above it', async () => {
  const [above, below] = await Promise.all([
    diskSpace(tmpdir()),
    diskSpace(join(tmpdir(), `absent-${process.pid}`, 'deeper')),
  ]);
  expect(below.size).toBe(above.size);
  expect(below.free).toBeGreaterThan(0);
  expect(below.free).toBeLessThanOrEqual(below.size);
});
