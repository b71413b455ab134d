// The KEDA scaler under load beside a bare echo on the same gRPC library: calls a second, and how long each takes.
//
// Both serve on one core, the caller on another. Short blocks of open-loop load on the one and on the other alternate in
// one run; the first blocks warm up and do not count. The service goes on tuning its default cluster meanwhile.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { serviceDefinition } from "../../src/http/keda/server.ts";
import { quantile } from "../../src/math/index.ts";
import { compiledEntry } from "../../src/store/index.ts";
import { type Child, endChild, startChild } from "../child.ts";

const SERVING_CORE = "0";
const CALLING_CORE = "1";
const CALLS_PER_SECOND = 1000;
const BLOCK_MS = 500;
const WARM_UP_ROUNDS = 6;
const ROUNDS = 40;

/** How one of the two answered. */
export interface CallTimes {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What `trimtab bench scaler` prints. */
export interface ScalerBench {
  readonly scaler: CallTimes;
  readonly echo: CallTimes;
  /** The scaler's over the echo's, over all calls: where the machine pauses now and then, it tells of the pauses. */
  readonly p99Ratio: number;
  /** The scaler's p99 over the echo's in each round, where one follows the other within a second. */
  readonly p99RatioByRound: { readonly median: number; readonly q1: number; readonly q3: number };
  readonly failures: number;
}

const request = {
  scaledObjectRef: {
    name: "bench",
    namespace: "default",
    scalerMetadata: { scalerAddress: "x", cluster: "default", deployment: "c5-large" },
  },
  metricName: "desired_replicas",
};

/** A caller of one scaler. */
class Caller {
  readonly #client: InstanceType<ReturnType<typeof makeGenericClientConstructor>>;
  readonly latenciesMs: number[] = [];
  readonly rates: number[] = [];
  readonly blockP99Ms: number[] = [];
  failures = 0;

  constructor(address: string) {
    const Client = makeGenericClientConstructor(serviceDefinition(), "ExternalScaler");
    this.#client = new Client(address, credentials.createInsecure());
  }

  /** Resolves with the call's time, or null where it failed. */
  #call(): Promise<number | null> {
    return new Promise((resolve) => {
      const startedMs = performance.now();
      const answered = (error: Error | null): void => resolve(error === null ? performance.now() - startedMs : null);
      this.#client["getMetrics"]?.(request, answered);
    });
  }

  /** Calls leave on schedule, whether answers come or not. */
  async block(counts: boolean): Promise<void> {
    const count = (CALLS_PER_SECOND * BLOCK_MS) / 1000;
    const startedMs = performance.now();
    const calls: Promise<number | null>[] = [];
    while (calls.length < count) {
      const due = Math.min(count, Math.floor(((performance.now() - startedMs) / 1000) * CALLS_PER_SECOND) + 1);
      while (calls.length < due) calls.push(this.#call());
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const times = await Promise.all(calls);
    if (!counts) return;
    const answered = times.filter((time) => time !== null);
    this.failures += count - answered.length;
    this.rates.push((1000 * count) / (performance.now() - startedMs));
    this.latenciesMs.push(...answered);
    this.blockP99Ms.push(quantile(answered, 0.99));
  }

  times(): CallTimes {
    return {
      callsPerSecond: quantile(this.rates, 0.5),
      p50Ms: quantile(this.latenciesMs, 0.5),
      p99Ms: quantile(this.latenciesMs, 0.99),
    };
  }

  close(): void {
    this.#client.close();
  }
}

/** Measures; about 50 s. */
export async function benchScaler(): Promise<ScalerBench> {
  await promisify(execFile)("taskset", ["-a", "-c", "-p", CALLING_CORE, String(process.pid)]);
  const folder = await mkdtemp(join(tmpdir(), "trimtab-scaler-"));
  const children: Child[] = [];
  const start = async (entry: string, ...args: string[]): Promise<Caller> => {
    const command = ["-c", SERVING_CORE, process.execPath, compiledEntry(entry), ...args];
    const child = await startChild("taskset", command, /scaler listening on (\S+)/);
    children.push(child);
    return new Caller(child.ready[1] ?? "");
  };
  const store = ["--store", folder, "--speed", "1"];
  try {
    const scaler = await start("src/cli/main.ts", "serve", "--port", "0", "--grpc-port", "0", ...store);
    const echo = await start("bench/scaler/echo.ts");
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      for (const caller of round % 2 === 0 ? [scaler, echo] : [echo, scaler]) {
        await caller.block(round >= WARM_UP_ROUNDS);
      }
    }
    const [ours, bare] = [scaler.times(), echo.times()];
    const failures = scaler.failures + echo.failures;
    for (const caller of [scaler, echo]) caller.close();
    const byRound = scaler.blockP99Ms.map((p99Ms, round) => p99Ms / (echo.blockP99Ms[round] ?? Number.NaN));
    const [q1, median, q3] = [0.25, 0.5, 0.75].map((share) => quantile(byRound, share)) as [number, number, number];
    const p99RatioByRound = { median, q1, q3 };
    return { scaler: ours, echo: bare, p99Ratio: ours.p99Ms / bare.p99Ms, p99RatioByRound, failures };
  } finally {
    await Promise.all(children.map(endChild));
    await rm(folder, { recursive: true, force: true });
  }
}
