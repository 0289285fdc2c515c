import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { SegmentFolder } from '../../../collector/write/segment-folder.ts';
import { segmentHeaderBytes, SegmentReader } from '../../../collector/write/segment-reader.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const diskMebibytes = 2;
const disk = mountSmallDisk('full-disk', diskMebibytes);
const folder = disk ?? makeTempDir('full-disk');
const path = join(folder.path, 'spool');
const limits = {
  // Where no disk may be mounted the limit stands for it.
  bytes: disk === undefined ? diskMebibytes * 1024 ** 2 : 1024 ** 3,
  segmentBytes: 1024 ** 2,
  keepFreeBytes: -(1024 ** 3), // only the disk itself says that it is full
};
afterAll(() => {
  folder.remove();
});

/** Names of the records in the folder, oldest first, and how much at the ends was never finished. */
async function readAll(): Promise<{ names: unknown[]; tornBytes: number }> {
  const names: unknown[] = [];
  let tornBytes = 0;
  const segments = await SegmentFolder.open(path, limits);
  for (const { path } of segments.closed) {
    const reader = await SegmentReader.open(path);
    for (let at = segmentHeaderBytes; reader !== undefined;) {
      const entry = await reader.read(at);
      if (entry.kind === 'record') names.push(entry.record.head['name']);
      if (entry.kind === 'end') {
        tornBytes += entry.tornBytes;
        break;
      }
      at = entry.next;
    }
    await reader?.close();
  }
  await segments.close();
  return { names, tornBytes };
}

it('acknowledges nothing that a full disk did not take, and goes on when there is room', async () => {
  const segments = await SegmentFolder.open(path, limits);
  const written: number[] = [];
  const append = async (name: number) => {
    const body = crypto.getRandomValues(new Uint8Array(60_000)); // does not compress
    const { status } = await segments.append([{ head: { name }, body }]);
    if (status === 'written') written.push(name);
    return status;
  };
  let name = 0;
  let status = 'written';
  while (status === 'written') status = await append(name++);
  expect(status).toBe('full');
  expect(written.length).toBeGreaterThan(20);
  expect(await readAll()).toEqual({ names: written, tornBytes: 0 });

  const oldest = await segments.takeOldest();
  if (oldest === undefined) throw new Error('there is no segment');
  await segments.remove(oldest);
  const before = written.length;
  expect(await append(name)).toBe('written');
  await segments.close();
  const { names, tornBytes } = await readAll();
  expect(names).toEqual(written.slice(-names.length));
  expect(names.at(-1)).toBe(name);
  expect([tornBytes, written.length]).toEqual([0, before + 1]);
});
