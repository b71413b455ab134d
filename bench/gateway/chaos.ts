// Servers killed, hung and restarted at random behind the gateway: is a request ever lost, or served twice against its mark?
//
// Client, gateway and each server are processes of their own; what befalls a server is in chaos-victims.ts.
// Afterwards the client's book is held against what the servers wrote down before they answered.

import { fork } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../src/math/index.ts";
import { compiledEntry } from "../../src/store/index.ts";
import { type Child, endChild, startChild } from "../child.ts";
import type { ChaosLoad, ChaosLoadResult } from "./chaos-load.ts";
import { Deck, Progress, Victim } from "./chaos-victims.ts";

/** How the run is done. */
export interface ChaosOptions {
  readonly requests: number;
  readonly seed: number;
  readonly onProgress: (share: number, what: string) => void;
}

/** What `trimtab bench gateway-chaos` prints. */
export interface ChaosReport {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  /** Answered rightly, by their model. */
  readonly served: number;
  /** Refused or failed, with a reason. */
  readonly turnedAway: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Neither of both: nothing came back, or something wrong. */
  readonly lost: number;
  readonly firstLost: readonly string[];
  /** Requests not marked idempotent that servers served more than once. */
  readonly servedTwice: number;
  /** Requests answered rightly that no server wrote down. */
  readonly servedByNobody: number;
  /** Marked idempotent and served more than once, as they may be. */
  readonly repeated: number;
  readonly kills: number;
  readonly hangs: number;
  readonly restarts: number;
}

const SERVERS = 4;
const IN_FLIGHT = 256;
const RIGHT = 1;
const TURNED_AWAY = 2;

async function startGateway(folder: string, ports: readonly string[]): Promise<Child> {
  const config = {
    listen: { port: 0 },
    admin: { port: 0 },
    models: [
      {
        name: "m",
        backends: ports.map((port, i) => ({ name: `b${i}`, url: `http://127.0.0.1:${port}` })),
        configuration: { concurrency: 4, maxBatchSize: 8, maxBatchDelayMs: 1 },
        deadlineMs: 5000,
        backendTimeoutMs: 400,
        retries: 4,
        probeEveryMs: 50,
      },
    ],
  };
  const path = join(folder, "gateway.yaml");
  await writeFile(path, JSON.stringify(config));
  return startChild(
    process.execPath,
    [compiledEntry("src/cli/main.ts"), "gateway", "--config", path],
    /listening on (\S+)/,
  );
}

function runLoad(load: ChaosLoad, onDone: (requests: number) => void): Promise<ChaosLoadResult> {
  return new Promise((resolve, reject) => {
    const client = fork(compiledEntry("bench/gateway/chaos-load.ts"));
    client.on("message", (message: { done?: number; result?: ChaosLoadResult }) => {
      if (message.done !== undefined) onDone(message.done);
      if (message.result !== undefined) resolve(message.result);
    });
    client.once("error", reject);
    client.once("exit", (code) => reject(new Error(`client: expected a result, found exit code ${code}`)));
    client.send(load);
  });
}

/** How often each number was served, by all servers together; shape [requests]. */
async function timesServed(logs: readonly string[], requests: number): Promise<Uint16Array> {
  const times = new Uint16Array(requests);
  for (const log of logs) {
    const bytes = await readFile(log);
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      const number = bytes.readInt32LE(at);
      times[number] = (times[number] ?? 0) + 1;
    }
  }
  return times;
}

function judge(result: ChaosLoadResult, times: Uint16Array) {
  const outcomes = Buffer.from(result.outcomes, "base64");
  const counts = { served: 0, turnedAway: 0, lost: 0, servedTwice: 0, servedByNobody: 0, repeated: 0 };
  outcomes.forEach((outcome, number) => {
    const served = times[number] ?? 0;
    if (outcome === RIGHT) counts.served += 1;
    else if (outcome === TURNED_AWAY) counts.turnedAway += 1;
    else counts.lost += 1;
    if (outcome === RIGHT && served === 0) counts.servedByNobody += 1;
    if (served > 1 && number % 2 === 1) counts.repeated += 1;
    else if (served > 1) counts.servedTwice += 1;
  });
  return counts;
}

/** Runs requests through the gateway while its servers are made to fail. */
export async function benchGatewayChaos({ requests, seed, onProgress }: ChaosOptions): Promise<ChaosReport> {
  const folder = await mkdtemp(join(tmpdir(), "trimtab-chaos-"));
  const random = new SeededRandom(seed);
  const logs = Array.from({ length: SERVERS }, (_, i) => join(folder, `served-${i}`));
  const progress = new Progress();
  const deck = new Deck(random.split("torments"));
  const victims = await Promise.all(logs.map((log, i) => Victim.start(log, random.split(`server ${i}`))));
  try {
    const gateway = await startGateway(
      folder,
      victims.map(({ port }) => port),
    );
    try {
      const startMs = performance.now();
      const torments = Promise.all(victims.map((victim) => victim.torment(progress, deck)));
      const load = { url: gateway.ready[1] ?? "", requests, inFlight: IN_FLIGHT };
      const result = await runLoad(load, (done) => {
        progress.reached(done);
        onProgress(done / requests, `${done} requests`);
      });
      const seconds = (performance.now() - startMs) / 1000;
      progress.end();
      await torments;
      const sum = (of: (victim: Victim) => number): number => victims.reduce((total, victim) => total + of(victim), 0);
      return {
        seed,
        requests,
        seconds,
        ...judge(result, await timesServed(logs, requests)),
        reasons: result.reasons,
        firstLost: result.firstFaults,
        kills: sum(({ kills }) => kills),
        hangs: sum(({ hangs }) => hangs),
        restarts: sum(({ restarts }) => restarts),
      };
    } finally {
      await endChild(gateway);
    }
  } finally {
    progress.end();
    await Promise.all(victims.map((victim) => victim.end()));
    await rm(folder, { recursive: true, force: true });
  }
}
