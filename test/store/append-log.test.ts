// The append-only log: acknowledged records survive, torn tails do not, pages come by number.

import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { StoreError } from "../../src/core/index.ts";
import { AppendLog } from "../../src/store/index.ts";

let folder = "";
let count = 0;
const fresh = (): string => join(folder, `log-${count++}`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trimtab-log-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const segments = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => name.endsWith(".jsonl"))
    .sort();

async function filled(path: string, records: number, segmentBytes?: number): Promise<AppendLog> {
  const log = await AppendLog.open(path, segmentBytes === undefined ? {} : { segmentBytes });
  await Promise.all(Array.from({ length: records }, (_, i) => log.append({ i })));
  return log;
}

test("records are numbered in the order they were handed in and read back by number", async () => {
  const log = await filled(fresh(), 200);
  expect(log.length).toBe(200);
  expect(await log.read(120, 2)).toEqual([
    { number: 120, record: { i: 120 } },
    { number: 121, record: { i: 121 } },
  ]);
  expect(await log.read(199, 50)).toEqual([{ number: 199, record: { i: 199 } }]);
  expect(await log.read(200, 50)).toEqual([]);
  expect(await log.last()).toEqual({ number: 199, record: { i: 199 } });
  await log.close();
});

test("an acknowledged record is in the file, whole, at the moment it is acknowledged", async () => {
  const path = fresh();
  const log = await AppendLog.open(path);
  for (let i = 0; i < 20; i++) {
    await log.append({ i, text: "é\n✓" });
    const lines = readFileSync(join(path, segments(path)[0] ?? ""), "utf8").split("\n");
    expect(lines).toHaveLength(i + 2);
    expect(JSON.parse(lines[i] ?? "")).toEqual({ i, text: "é\n✓" });
  }
  await log.close();
});

test("a log goes on where it was closed, over segments", async () => {
  const path = fresh();
  const first = await AppendLog.open(path, { segmentBytes: 50 });
  for (let i = 0; i < 30; i++) await first.append({ i });
  await first.close();
  expect(segments(path).length).toBeGreaterThan(3);
  const second = await AppendLog.open(path, { segmentBytes: 50 });
  expect(second.length).toBe(30);
  expect(await second.append({ i: 30 })).toBe(30);
  const all = await second.read(0, 100);
  expect(all.map(({ record }) => record)).toEqual(Array.from({ length: 31 }, (_, i) => ({ i })));
  await second.close();
});

test("a tail torn at any byte costs the last record only, and the next takes its number", async () => {
  const path = fresh();
  await (await filled(path, 5)).close();
  const file = join(path, segments(path)[0] ?? "");
  const whole = readFileSync(file);
  const lastLine = '{"i":4}\n'.length;
  for (let cut = 1; cut <= lastLine; cut++) {
    writeFileSync(file, whole);
    truncateSync(file, whole.length - cut);
    const log = await AppendLog.open(path);
    expect(log.length).toBe(4);
    expect(log.droppedBytes).toBe(lastLine - cut);
    expect(await log.append({ again: cut })).toBe(4);
    expect((await log.read(3, 9)).map(({ record }) => record)).toEqual([{ i: 3 }, { again: cut }]);
    await log.close();
  }
});

test("whatever bytes a cut-off write left behind, the records before it are read and none is made up", async () => {
  const junk = fc.uint8Array({ minLength: 1, maxLength: 40 }).filter((bytes) => !bytes.includes(10));
  await fc.assert(
    fc.asyncProperty(junk, async (bytes) => {
      const path = fresh();
      await (await filled(path, 3)).close();
      appendFileSync(join(path, segments(path)[0] ?? ""), bytes);
      const log = await AppendLog.open(path);
      expect(log.droppedBytes).toBe(bytes.length);
      expect((await log.read(0, 9)).map(({ record }) => record)).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }]);
      await log.close();
    }),
    { numRuns: 25, seed: 5 },
  );
});

test("damage in the middle is refused by file and line, never skipped", async () => {
  const path = fresh();
  await (await filled(path, 5)).close();
  const file = join(path, segments(path)[0] ?? "");
  writeFileSync(file, readFileSync(file, "utf8").replace('{"i":2}', '{"i":2'));
  await expect(AppendLog.open(path)).rejects.toThrow(StoreError);
  await expect(AppendLog.open(path)).rejects.toThrow(/0000000000000000\.jsonl: line 3: expected a JSON document/);
});

test("a closed segment that lost records is refused when it is read", async () => {
  const path = fresh();
  const log = await AppendLog.open(path, { segmentBytes: 20 });
  for (let i = 0; i < 9; i++) await log.append({ i });
  await log.close();
  truncateSync(join(path, segments(path)[0] ?? ""), 8);
  const again = await AppendLog.open(path, { segmentBytes: 20 });
  await expect(again.read(0, 2)).rejects.toThrow(/expected 3 records, found 1/);
  await again.close();
});

test("a record that is not data is refused and the log goes on", async () => {
  const log = await AppendLog.open(fresh());
  expect(() => log.append({ x: Number.NaN })).toThrow(TypeError);
  expect(await log.append({ never: Number.POSITIVE_INFINITY })).toBe(0);
  expect(await log.last()).toEqual({ number: 0, record: { never: "Infinity" } });
  await log.close();
});

test("closing waits for what is under way; afterwards nothing is taken", async () => {
  const path = fresh();
  const log = await AppendLog.open(path);
  const last = log.append({ last: true });
  await log.close();
  await log.close();
  expect(await last).toBe(0);
  await expect(log.append({})).rejects.toThrow(/expected an open log/);
});

test("pages read while records are being appended are whole", async () => {
  const log = await AppendLog.open(fresh(), { segmentBytes: 2000 });
  const writing = Promise.all(Array.from({ length: 500 }, (_, i) => log.append({ i, pad: "x".repeat(i % 50) })));
  for (let i = 0; i < 20; i++) {
    const page = await log.read(0, 1000);
    page.forEach(({ number, record }) => {
      expect(record).toMatchObject({ i: number });
    });
  }
  await writing;
  expect((await log.read(0, 1000)).length).toBe(500);
  await log.close();
});
