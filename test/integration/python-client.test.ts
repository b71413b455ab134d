// The Python client against a running service: Gymnasium's own checks, its types, and a learner of others.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { provisioned as installed } from "../live/processes.ts";
import { provisioned, root, run } from "./peers-of-exports.ts";

const client = join(root, "clients", "python");
const cli = join(root, "dist", "src", "cli", "main.js");

let folder: string;
let service: ChildProcess;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-client-"));
  const args = [cli, "serve", "--port", "0", "--grpc-port", "0", "--store", join(folder, "store"), "--speed", "60"];
  service = spawn("node", args, { stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    service.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const found = /^listening on (http:\S+)$/m.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    service.once("exit", () => reject(new Error(`the service ended before it listened: ${text}`)));
  });
  env = { TRIMTAB_URL: url, PYTHONPATH: client };
}, 120_000);

afterAll(async () => {
  service.kill("SIGTERM");
  await new Promise((resolve) => service.once("exit", resolve));
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test("the client passes its tests, Gymnasium's check_env without a warning among them", async () => {
  const reference = join(root, "checkpoints", "reference", "image-diurnal.region-fleet.checkpoint");
  const policy = join(folder, "policy.py");
  await run("node", [cli, "export", reference, "--format", "python", "--out", policy]);
  const tests = ["-m", "unittest", "discover", "-s", join(client, "tests")];
  await run(provisioned("exports", "bin", "python"), tests, { env: { ...env, TRIMTAB_POLICY: policy } });
});

test("the client is typed throughout", async () => {
  const python = provisioned("exports", "bin", "python");
  await run(python, ["-m", "mypy", "--strict", "--cache-dir", folder, join(client, "trimtab_gym")], { cwd: client });
});

test("Stable-Baselines3's PPO learns over HTTP: it improves on its start within 20,000 steps", async () => {
  const script = join(root, "test", "integration", "learners", "train_ppo.py");
  const answer = await run(installed("learners/bin/python", "learners"), [script, env["TRIMTAB_URL"] ?? ""], { env });
  const { before, after, steps }: { before: number[]; after: number[]; steps: number } = JSON.parse(answer);
  expect(steps).toBe(20_000);
  // On the same five episodes each, every one better than before.
  expect(after.length).toBe(before.length);
  const better = after.filter((reward, episode) => reward > (before[episode] ?? Number.POSITIVE_INFINITY));
  expect(better).toEqual(after);
}, 280_000);
