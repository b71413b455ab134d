// What the gateway adds to a request, beside HAProxy in its place: both on one core, servers and clients on the other.
//
// Directly, through HAProxy and through the gateway by turns, in one run: blocks of 1,000 requests a second from a generator
// that waits for nobody (latency), and blocks of 64 connections that send as fast as they are answered (highest rate).
// The server is HAProxy too, with a fixed answer, so that it is never what is measured. No batching.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { ConfigError } from "../../src/core/index.ts";
import { quantile } from "../../src/math/index.ts";
import { compiledEntry } from "../../src/store/index.ts";
import { type Child, endChild, startChild } from "../child.ts";
import type { LoadBlock, LoadResult } from "../load-generator.ts";

const run = promisify(execFile);

const TARGETS = ["direct", "haproxy", "gateway"] as const;
type Target = (typeof TARGETS)[number];

/** What is under test runs here; everything else on the other. */
const PROXY_CORE = "0";
const OTHER_CORE = "1";

const REQUESTS_PER_SECOND = 1000;
const BLOCK_MS = 1000;
const WARM_UP_ROUNDS = 2;
const RATE_SECONDS = 2;
const CONNECTIONS = 64;

/** USER_HZ is 100 on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;

/** Median and extremes over the rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** What one way of asking came to. */
export interface TargetReport {
  readonly name: Target;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** Over asking directly, round by round. */
  readonly addedP50Ms: Spread;
  readonly addedP99Ms: Spread;
  /** Requests a second, all answered. */
  readonly highestRps: Spread;
  /** Processor time of the proxy for one of them, which a busy machine changes less than the rate; null without one. */
  readonly cpuMicros: Spread | null;
}

/** What `trimtab bench gateway` prints. */
export interface OverheadReport {
  readonly haproxy: string;
  readonly node: string;
  readonly requestsPerSecond: number;
  readonly rounds: number;
  readonly targets: readonly TargetReport[];
}

const REQUEST = JSON.stringify({ inputs: [{ name: "x", shape: [1, 4], datatype: "FP32", data: [1, 2, 3, 4] }] });
const ANSWER = JSON.stringify({
  model_name: "m",
  outputs: [{ name: "y", datatype: "FP32", shape: [1, 2], data: [0.25, 0.75] }],
});
const PATH = "/v2/models/m/infer";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function provided(command: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(command, args)).stdout;
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) return String(cause);
    const found = "none: run scripts/provision.sh proxies";
    throw new ConfigError("bench", [{ path: command, expected: "an installed program", found }], { cause });
  }
}

function haproxyConfig(port: number, how: string): string {
  return `global
  maxconn 4096
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:${port}
${how}`;
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}${PATH}`, { method: "POST", body: REQUEST }).then(
    async (response) => (await response.text()) === ANSWER,
    () => false,
  );
}

async function untilAnswers(port: number): Promise<void> {
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries === 200) throw new Error(`port ${port}: expected the server's answer within 10 s, found none`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The server and the two ways to it. */
class Stage {
  readonly #folder: string;
  readonly #children: Child[] = [];
  readonly #proxies = new Map<Target, number | undefined>();
  readonly ports: Record<Target, number> = { direct: 0, haproxy: 0, gateway: 0 };

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(): Promise<void> {
    for (const target of TARGETS) this.ports[target] = await freePort();
    const { direct } = this.ports;
    const fixed = `  http-request return status 200 content-type application/json string '${ANSWER}'\n`;
    await this.#haproxy("direct", OTHER_CORE, fixed);
    const onward = `  default_backend out\nbackend out\n  server s 127.0.0.1:${direct} maxconn ${CONNECTIONS}\n`;
    await this.#haproxy("haproxy", PROXY_CORE, onward);
    const path = join(this.#folder, "gateway.yaml");
    const backends = [{ name: "s", url: `http://127.0.0.1:${direct}` }];
    const model = { name: "m", backends, configuration: { concurrency: CONNECTIONS } };
    await writeFile(
      path,
      JSON.stringify({ listen: { port: this.ports.gateway }, admin: { port: 0 }, models: [model] }),
    );
    const command = [process.execPath, compiledEntry("src/cli/main.ts"), "gateway", "--config", path];
    const gateway = await startChild("taskset", ["-c", PROXY_CORE, ...command], /admin on/);
    this.#children.push(gateway);
    this.#proxies.set("gateway", gateway.process.pid);
    for (const target of TARGETS) await untilAnswers(this.ports[target]);
  }

  url(target: Target): string {
    return `http://127.0.0.1:${this.ports[target]}${PATH}`;
  }

  /** Processor time that a target's own process has used; null for none. */
  async cpuMicros(target: Target): Promise<number | null> {
    const pid = this.#proxies.get(target);
    if (pid === undefined) return null;
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // After the name, which may hold anything, user and system time are the twelfth and thirteenth field (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map(endChild));
  }

  async #haproxy(name: Target, core: string, how: string): Promise<void> {
    const path = join(this.#folder, `${name}.cfg`);
    await writeFile(path, haproxyConfig(this.ports[name], how));
    // It says nothing when it is ready; the shell says that it was started.
    const script = `echo started; exec taskset -c ${core} haproxy -f ${path} -db`;
    const child = await startChild("sh", ["-c", script], /started/);
    this.#children.push(child);
    if (name === "haproxy") this.#proxies.set(name, child.process.pid);
  }
}

function sendBlock(generator: Worker, block: LoadBlock): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    generator.removeAllListeners("error");
    generator.once("error", reject);
    generator.once("message", resolve);
    generator.postMessage(block);
  });
}

async function highestRate(
  stage: Stage,
  target: Target,
  script: string,
): Promise<{ readonly rps: number; readonly cpuMicros: number | null }> {
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${RATE_SECONDS}s`, "--timeout", "30s", "-s", script, stage.url(target)];
  const before = await stage.cpuMicros(target);
  const { stdout } = await run("taskset", ["-c", OTHER_CORE, "wrk", ...args]);
  const after = await stage.cpuMicros(target);
  if (/Non-2xx|Socket errors/.test(stdout))
    throw new Error(`${target}: expected every request answered, found ${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const cpuMicros = before === null || after === null ? null : (after - before) / requests;
  return { rps: Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]), cpuMicros };
}

function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), least: Math.min(...values), most: Math.max(...values) };
}

/** By target, one entry a round. */
interface Rounds {
  readonly p50Ms: number[];
  readonly p99Ms: number[];
  readonly rps: number[];
  readonly cpuMicros: number[];
}

function reportOf(name: Target, own: Rounds, direct: Rounds): TargetReport {
  const added = (of: (rounds: Rounds) => readonly number[]): Spread =>
    spreadOf(of(own).map((value, round) => value - (of(direct)[round] ?? 0)));
  return {
    name,
    p50Ms: spreadOf(own.p50Ms),
    p99Ms: spreadOf(own.p99Ms),
    addedP50Ms: added((rounds) => rounds.p50Ms),
    addedP99Ms: added((rounds) => rounds.p99Ms),
    highestRps: spreadOf(own.rps),
    cpuMicros: own.cpuMicros.length === 0 ? null : spreadOf(own.cpuMicros),
  };
}

/**
 * Measures what the gateway adds.
 * @throws {ConfigError} when HAProxy or wrk is not installed
 */
export async function benchGatewayOverhead(rounds: number): Promise<OverheadReport> {
  const haproxy = /version (\S+)/.exec(await provided("haproxy", ["-v"]))?.[1] ?? "unknown";
  await provided("wrk", ["-v"]);
  await run("taskset", ["-a", "-c", "-p", OTHER_CORE, String(process.pid)]);
  const folder = await mkdtemp(join(tmpdir(), "trimtab-overhead-"));
  const stage = new Stage(folder);
  try {
    await stage.start();
    const script = join(folder, "post.lua");
    const quoted = REQUEST.replaceAll('"', '\\"');
    await writeFile(
      script,
      `wrk.method = "POST"\nwrk.body = "${quoted}"\nwrk.headers["content-type"] = "application/json"\n`,
    );
    const targets = TARGETS.map((target) => ({ url: stage.url(target), body: REQUEST }));
    const generator = new Worker(compiledEntry("bench/load-generator.ts"), { workerData: targets });
    const measured = TARGETS.map((): Rounds => ({ p50Ms: [], p99Ms: [], rps: [], cpuMicros: [] }));
    try {
      for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
        const order = TARGETS.map((_, i) => (round % 2 === 0 ? i : TARGETS.length - 1 - i));
        for (const target of order) {
          const block = { target, requestsPerSecond: REQUESTS_PER_SECOND, durationMs: BLOCK_MS };
          const { latenciesMs, failures } = await sendBlock(generator, block);
          if (failures > 0)
            throw new Error(`${TARGETS[target]}: expected every request answered, found ${failures} not`);
          const { rps, cpuMicros } = await highestRate(stage, TARGETS[target] ?? "direct", script);
          if (round < 0) continue;
          measured[target]?.p50Ms.push(quantile(latenciesMs, 0.5));
          measured[target]?.p99Ms.push(quantile(latenciesMs, 0.99));
          measured[target]?.rps.push(rps);
          if (cpuMicros !== null) measured[target]?.cpuMicros.push(cpuMicros);
        }
      }
    } finally {
      await generator.terminate();
    }
    const [direct] = measured;
    if (direct === undefined) throw new RangeError("bench: expected a measurement, found none");
    const targetReports = measured.map((own, i) => reportOf(TARGETS[i] ?? "direct", own, direct));
    return { haproxy, node: process.version, requestsPerSecond: REQUESTS_PER_SECOND, rounds, targets: targetReports };
  } finally {
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  }
}
