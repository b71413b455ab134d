// Checkpoint files come back whole, or are refused with the reason.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { CheckpointError } from "../../src/core/index.ts";
import { checkPolicySeal, sealPolicySpec } from "../../src/spaces/index.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from "../../src/store/index.ts";

const spec = sealPolicySpec({
  format: "trimtab-policy",
  version: 1,
  kind: "q-table",
  features: [{ name: "arrivalRateRps", unit: "1/s", offset: 0, scale: 1 }],
  knobs: [
    {
      name: "offloadThresholdMs",
      values: [0, 50, Number.POSITIVE_INFINITY],
      actuation: "hot",
      actuationDelayS: 0,
      decideEveryS: 0,
    },
  ],
  parameters: { table: [0.1, 1e-9, -3] },
  bounds: { initial: { offloadThresholdMs: Number.POSITIVE_INFINITY }, budgetUsdPerHour: null },
  environment: "trimtab/ImageDiurnal-v0",
  seed: 1,
  training: { steps: 3, episodes: 1, meanReward: -1.5 },
});

const checkpoint: Checkpoint = {
  agent: "q-table",
  environment: spec.environment,
  seed: 1,
  spec,
  snapshot: { agent: "q-table", version: 1, state: { table: [1, 2, "Infinity"], note: "é ✓" } },
  progress: { step: 3 },
};

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trimtab-checkpoint-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("what was written is read back, infinities of knobs included, with the policy's seal intact", async () => {
  const path = join(folder, "a.ckpt");
  await writeCheckpoint(path, checkpoint);
  const read = await readCheckpoint(path);
  expect(read).toEqual(checkpoint);
  checkPolicySeal(read.spec);
  expect(readdirSync(folder)).toEqual(["a.ckpt"]);
});

test("the same checkpoint gives the same bytes, whatever the order of its fields", () => {
  const reordered = Object.fromEntries(Object.entries(checkpoint).reverse()) as unknown as Checkpoint;
  expect(encodeCheckpoint(reordered)).toEqual(encodeCheckpoint(checkpoint));
});

test("any single flipped bit is refused", () => {
  const bytes = encodeCheckpoint(checkpoint);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      expect(() => decodeCheckpoint(damaged, "x")).toThrow(CheckpointError);
    }),
    { numRuns: 500, seed: 3 },
  );
});

test("a file cut anywhere is refused", () => {
  const bytes = encodeCheckpoint(checkpoint);
  for (let length = 0; length < bytes.length; length += 7) {
    expect(() => decodeCheckpoint(bytes.slice(0, length), "x")).toThrow(CheckpointError);
  }
});

const reasons: readonly (readonly [string, (text: string) => string, RegExp])[] = [
  ["another kind of file", () => "PK\u0003\u0004 zip", /magic: expected "TRIMTAB-CHECKPOINT", found "PK/],
  [
    "another version",
    (text) => text.replace("CHECKPOINT 1 ", "CHECKPOINT 2 "),
    /format version: expected 1, found "2"/,
  ],
  ["a truncated body", (text) => text.slice(0, -1), /truncated file, bytes after the header: expected \d+, found \d+/],
  ["a longer body", (text) => `${text} `, /bytes after the header: expected \d+, found \d+/],
  ["a flipped byte", (text) => text.replace("-1.5", "-1.6"), /damaged file, sha256: expected [0-9a-f]{64}, found/],
];

test.each(reasons)("%s is refused, saying so", async (_name, damage, reason) => {
  const path = join(folder, "damaged.ckpt");
  writeFileSync(path, damage(Buffer.from(encodeCheckpoint(checkpoint)).toString("utf8")));
  const read = readCheckpoint(path);
  await expect(read).rejects.toThrow(CheckpointError);
  await expect(read).rejects.toThrow(reason);
  await expect(read).rejects.toThrow(path);
});

test("a well-sealed file with a field missing is refused by the field's name", () => {
  const { seed: _, ...rest } = checkpoint;
  const bytes = encodeCheckpoint(rest as Checkpoint);
  expect(() => decodeCheckpoint(bytes, "x")).toThrow(/seed: expected number, found nothing/);
});

test("a missing file is refused by its name", async () => {
  await expect(readCheckpoint(join(folder, "none.ckpt"))).rejects.toThrow(/none\.ckpt: expected a readable/);
});

test("a failed write leaves the old checkpoint and nothing else behind", async () => {
  const path = join(folder, "kept.ckpt");
  await writeCheckpoint(path, checkpoint);
  const before = readFileSync(path);
  await expect(writeCheckpoint(join(folder, "kept.ckpt", "below"), checkpoint)).rejects.toThrow();
  await expect(writeCheckpoint(path, { ...checkpoint, seed: Number.NaN })).rejects.toThrow(TypeError);
  expect(readFileSync(path)).toEqual(before);
  expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
});
