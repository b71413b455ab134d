// `trimtab serve` from the outside: it listens where it says, goes on from its store, and stops when told.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/store/index.ts";

const command = join(packageRoot(), "dist", "src", "cli", "main.js");
const started: ChildProcess[] = [];
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trimtab-serve-"));
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Serving {
  readonly child: ChildProcess;
  /** Everything written to standard output so far. */
  readonly out: () => string;
  readonly err: () => string;
  readonly exit: Promise<number | null>;
}

function serve(...flags: string[]): Serving {
  const env = { ...process.env, TRIMTAB_TEST_TOKEN: "a-secret-of-the-test" };
  const child = spawn(process.execPath, [command, "serve", "--port", "0", "--store", folder, ...flags], { env });
  started.push(child);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString("utf8");
  });
  const exit = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return { child, out: () => out, err: () => err, exit };
}

async function until<T>(find: () => T | null | undefined, withinMs = 50_000): Promise<T> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const found = find();
    if (found !== null && found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`expected it within ${withinMs} ms, found nothing`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const urlOf = (serving: Serving): Promise<string> => until(() => /^listening on (\S+)$/m.exec(serving.out())?.[1]);

test("it prints a line a minute of cluster time, and its token guards the API and is written nowhere", async () => {
  const serving = serve("--speed", "600", "--token-env", "TRIMTAB_TEST_TOKEN");
  const url = await urlOf(serving);
  const line = await until(() => /^day 0 00:0[3-9] {2}.*$/m.exec(serving.out())?.[0]);
  expect(line).toMatch(/\d+\.\d req\/s/);
  expect(line).toMatch(/maxBatchSize=\d/);
  expect(line).toMatch(/p99 \d+ ms/);
  expect(line).toMatch(/\d+\.\d\d USD\/h/);
  expect(line).toMatch(/(applied|held) by (optimizer|guard|agent) \(bootstrapping\): ./);
  expect((await fetch(`${url}/metrics`)).status).toBe(401);
  const authorization = "Bearer a-secret-of-the-test";
  const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization } })).text();
  expect(metrics).toMatch(/trimtab_cost_usd_per_hour\{cluster="default"\} \d/);
  expect(metrics).toMatch(/trimtab_slo_attainment_ratio\{cluster="default"\} \d/);
  expect(serving.out() + serving.err()).not.toContain("a-secret-of-the-test");
});

test("SIGINT and SIGTERM stop it cleanly with exit code 0, and it goes on where it stopped", async () => {
  const first = serve("--speed", "1200", "--mode", "shadow");
  await urlOf(first);
  await until(() => /^day 0 00:1/m.exec(first.out()));
  first.child.kill("SIGINT");
  expect(await first.exit).toBe(0);
  const lastMinute = [...first.out().matchAll(/^day 0 00:(\d\d)/gm)].at(-1)?.[1];
  const second = serve("--speed", "600");
  const url = await urlOf(second);
  const cluster = (await (await fetch(`${url}/v1/clusters/default`)).json()) as { mode: string; timeS: number };
  // The mode is as it was stored, and time goes on.
  expect(cluster.mode).toBe("shadow");
  expect(cluster.timeS).toBeGreaterThanOrEqual(60 * Number(lastMinute));
  const third = serve("--speed", "600");
  expect(await third.exit).toBe(1);
  expect(third.err()).toMatch(/expected a store no other process uses, found one in use/);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  second.child.kill("SIGTERM");
  expect(await second.exit).toBe(0);
});

test("a host others can reach is refused without a token, before anything is served", async () => {
  const serving = serve("--host", "0.0.0.0");
  expect(await serving.exit).toBe(1);
  expect(serving.err()).toMatch(/host: expected a loopback address, or a token .*, found 0\.0\.0\.0/);
  expect(serving.out()).not.toContain("listening");
});

test.each([
  [["--token-env", "TRIMTAB_UNSET"], 1, /TRIMTAB_UNSET: expected a variable that holds a secret, found none/],
  [["--scenario", "image-monsoon"], 1, /scenario: expected one of .*image-diurnal.*, found "image-monsoon"/],
  [["--agent", "oracle"], 1, /agent: expected one of .*region-q.*, found "oracle"/],
  [["--mode", "yolo"], 2, /Allowed choices are off, shadow, advisory, canary, active/],
])("%j is refused with exit code %p", async (flags, code, why) => {
  const serving = serve(...flags);
  expect(await serving.exit).toBe(code);
  expect(serving.err()).toMatch(why);
});
