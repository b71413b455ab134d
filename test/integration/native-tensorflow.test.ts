// The native TensorFlow.js, compiled against the C interface that a Python wheel carries: it trains, and to what WASM does.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TrainingBench } from "../../bench/training.ts";
import { fromJson } from "../../src/core/index.ts";
import { readCheckpoint } from "../../src/store/index.ts";

const run = promisify(execFile);
const root = join(__dirname, "..", "..");
const modules = join(root, ".provisioned", "tensorflow", "node_modules");
let folder: string;

beforeAll(async () => {
  if (!existsSync(modules)) throw new Error("native TensorFlow: not there; run scripts/provision.sh tensorflow");
  folder = await mkdtemp(join(tmpdir(), "trimtab-native-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function trimtab(...words: string[]): Promise<string> {
  const cli = join(root, "dist", "src", "cli", "main.js");
  const env = { ...process.env, NODE_PATH: modules };
  return (await run("node", [cli, ...words], { env, maxBuffer: 1 << 20 })).stdout;
}

test("the native engine takes steps, leaves no tensor, and answers as the compiled networks do", async () => {
  const told = await trimtab("bench", "training", "--backend", "tensorflow", "--steps", "500", "--json");
  const bench: TrainingBench = JSON.parse(told);
  expect(bench.backend).toBe("tensorflow");
  expect(bench.largestDifference).toBeLessThan(1e-5);
  expect(bench.memory.points.at(-1)).toMatchObject({ steps: 500, tensors: 0 });
}, 300_000);

/** Every number of the policy's network, in order. */
async function weights(backend: string): Promise<number[]> {
  const out = join(folder, backend);
  const agent = `meta:backend=${backend},hidden=8,units=4,steps=4,rollout=48,batch=16,passes=2`;
  const across = ["--applications", "1", "--shown", "0", "--windows", "48"];
  await trimtab("train", "--agent", agent, ...across, "--out", out);
  const { spec } = await readCheckpoint(out);
  expect(spec.training.backend).toBe(backend);
  const found: number[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "number") found.push(value);
    else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) collect(part);
  };
  collect(fromJson(spec.parameters));
  return found;
}

test("both engines train the same windows to the same network within 1e-4", async () => {
  const [native, wasm] = [await weights("tensorflow"), await weights("wasm")];
  expect(native).toHaveLength(wasm.length);
  expect(native.length).toBeGreaterThan(500);
  const apart = native.map((value, i) => Math.abs(value - (wasm[i] ?? Number.NaN)));
  expect(Math.max(...apart)).toBeLessThan(1e-4);
  // They did learn: engines differ in their last digits, and in those alone.
  expect(Math.max(...apart)).toBeGreaterThan(0);
}, 120_000);
