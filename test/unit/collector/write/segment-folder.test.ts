import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FolderLimits, SegmentFolder } from '../../../../collector/write/segment-folder.ts';
import { type SegmentEntry, segmentHeaderBytes, SegmentReader } from '../../../../collector/write/segment-reader.ts';
import type { SegmentRecord } from '../../../../collector/write/segment-record.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';

const limits: FolderLimits = { bytes: 1024 ** 2, segmentBytes: 64 * 1024, keepFreeBytes: 0 };
const large = Buffer.from('the same again '.repeat(1000));

let path: string;
beforeEach(() => {
  const dir = makeTempDir('segments');
  path = dir.path;
  return () => {
    dir.remove();
  };
});

function recordOf(name: string, body: Uint8Array = Buffer.from(name)): SegmentRecord {
  return { head: { name }, body };
}

/** The segments' files, oldest first. */
function files(): string[] {
  return readdirSync(path)
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(path, name));
}

async function readEntries(file: string): Promise<SegmentEntry[]> {
  const reader = await SegmentReader.open(file);
  if (reader === undefined) throw new Error('no segment');
  const entries: SegmentEntry[] = [];
  for (let at = segmentHeaderBytes; ;) {
    const entry = await reader.read(at);
    entries.push(entry);
    if (entry.kind === 'end') break;
    at = entry.next;
  }
  await reader.close();
  return entries;
}

/** `name`, `damaged`, and what was torn off at the end. */
async function readNames(file: string): Promise<unknown[]> {
  return (await readEntries(file)).map((entry) =>
    entry.kind === 'record' ? entry.record.head['name'] : entry.kind === 'end' ? entry.tornBytes : entry.kind,
  );
}

async function writeThree(): Promise<{ file: string; starts: number[] }> {
  const folder = await SegmentFolder.open(path, limits);
  await folder.append(['a', 'b', 'c'].map((name) => recordOf(name, large)));
  await folder.close();
  const [file = ''] = files();
  const starts = [segmentHeaderBytes];
  for (const entry of await readEntries(file)) if (entry.kind === 'record') starts.push(entry.next);
  return { file, starts };
}

function spoil(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 0xff, at);
  writeFileSync(file, bytes);
}

describe('SegmentFolder', () => {
  it('gives back what was written, compressed where that is shorter, in a new segment after each start', async () => {
    const first = await SegmentFolder.open(path, limits);
    expect(await first.append([recordOf('a'), recordOf('large', large)])).toMatchObject({ status: 'written' });
    await first.close();
    const second = await SegmentFolder.open(path, limits);
    await second.append([recordOf('empty', Buffer.alloc(0))]);
    await second.close();
    const [one = '', two = ''] = files();
    expect(statSync(one).size).toBeLessThan(1000);
    const records = [...(await readEntries(one)), ...(await readEntries(two))].filter(({ kind }) => kind === 'record');
    expect(records.map((entry) => entry.kind === 'record' && Buffer.from(entry.record.body).toString())).toEqual([
      'a',
      large.toString(),
      '',
    ]);
  });

  it('begins another segment where one is large enough, and never gives a number twice', async () => {
    const folder = await SegmentFolder.open(path, { ...limits, segmentBytes: 200 });
    for (const name of ['a', 'b', 'c']) await folder.append([recordOf(name, Buffer.alloc(300, name))]);
    const numbers = folder.closed.map(({ number }) => number);
    for (const segment of [...folder.closed]) await folder.remove(segment);
    await folder.append([recordOf('d')]);
    expect((await folder.takeOldest())?.number).toBeGreaterThan(Math.max(...numbers));
    await folder.close();
  });

  it('takes a whole group or nothing of it where its bytes are used up', async () => {
    const folder = await SegmentFolder.open(path, { ...limits, bytes: 300 });
    expect(await folder.append([recordOf('a')])).toMatchObject({ status: 'written' });
    const group = ['b', 'c'].map((name) => recordOf(name, Buffer.from(`${name}${Math.random()}`.repeat(8))));
    expect(await folder.append(group)).toMatchObject({ status: 'full' });
    await folder.close();
    expect(await readNames(files()[0] ?? '')).toEqual(['a', 0]);
  });

  it('takes nothing where the disk would have too little left', async () => {
    const folder = await SegmentFolder.open(path, { ...limits, keepFreeBytes: Number.MAX_SAFE_INTEGER });
    expect(await folder.append([recordOf('a')])).toMatchObject({ status: 'full' });
    expect(await folder.hasRoom(1)).toBe(false);
    await folder.close();
  });

  it('says that it cannot write, and writes again when it can', async () => {
    const folder = await SegmentFolder.open(path, limits);
    await folder.append([recordOf('a')]);
    const number = ((await folder.takeOldest())?.number ?? 0) + 1;
    writeFileSync(join(path, `${String(number).padStart(10, '0')}.segment`), 'in the way');
    expect(await folder.append([recordOf('b')])).toMatchObject({ status: 'unwritable' });
    expect(await folder.append([recordOf('c')])).toMatchObject({ status: 'written' });
    await folder.close();
  });
});

describe('SegmentReader', () => {
  it('ends before a record that was never finished, wherever it was cut off', async () => {
    const { file, starts } = await writeThree();
    const [, , third = 0, end = 0] = starts;
    for (let size = end - 1; size > third; size -= 7) {
      truncateSync(file, size);
      expect(await readNames(file)).toEqual(['a', 'b', size - third]);
    }
  });

  it('takes zeros at the end for a write that was cut off', async () => {
    const { file } = await writeThree();
    appendFileSync(file, Buffer.alloc(5000));
    expect(await readNames(file)).toEqual(['a', 'b', 'c', 5000]);
  });

  it('loses one damaged record and none of its neighbours, whichever byte of it is wrong', async () => {
    const { file, starts } = await writeThree();
    const [, second = 0, third = 0] = starts;
    for (let at = second; at < third; at += 1) {
      spoil(file, at);
      expect(await readNames(file), `byte ${at - second}`).toEqual(['a', 'damaged', 'c', 0]);
      spoil(file, at);
    }
  });

  it('knows no file of another format', async () => {
    writeFileSync(join(path, 'x'), 'SGSPOOL2 from the future, and long enough');
    expect(await SegmentReader.open(join(path, 'x'))).toBeUndefined();
  });
});
