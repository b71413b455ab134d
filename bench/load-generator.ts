// An open-loop load generator in a thread of its own: requests leave on schedule, whether answers come or not.

import { Agent, request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

/** What a generator is started with. */
export interface LoadTarget {
  readonly url: string;
  readonly body: string;
}

/** One block of load. */
export interface LoadBlock {
  /** Which of the targets. */
  readonly target: number;
  readonly requestsPerSecond: number;
  readonly durationMs: number;
}

/** What a block came to. */
export interface LoadResult {
  /** From sending a request to the end of its answer; shape [answers]. */
  readonly latenciesMs: Float64Array;
  readonly failures: number;
  /** Requests sent over the time it took to send them. */
  readonly requestsPerSecond: number;
}

/** Connections kept open; more requests than that at a time wait for one, and their wait counts. */
const CONNECTIONS = 64;

const port = parentPort;
if (port === null) throw new Error("load generator: expected a worker thread, found the main one");
const targets: readonly LoadTarget[] = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: "fifo" });

function send({ url, body }: LoadTarget): Promise<number | null> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const call = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 200 ? performance.now() - startedMs : null));
    });
    call.on("error", () => resolve(null));
    call.end(body);
  });
}

async function run(block: LoadBlock): Promise<LoadResult> {
  const target = targets[block.target];
  if (target === undefined) throw new Error(`load generator: expected a target, found number ${block.target}`);
  const count = Math.round((block.requestsPerSecond * block.durationMs) / 1000);
  const gapMs = 1000 / block.requestsPerSecond;
  const startedMs = performance.now();
  const answers: Promise<number | null>[] = [];
  while (answers.length < count) {
    const due = Math.min(count, Math.floor((performance.now() - startedMs) / gapMs) + 1);
    while (answers.length < due) answers.push(send(target));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const sendingMs = Math.max(block.durationMs, performance.now() - startedMs);
  const latencies = await Promise.all(answers);
  const good = latencies.filter((latency) => latency !== null);
  return {
    latenciesMs: Float64Array.from(good),
    failures: count - good.length,
    requestsPerSecond: (count * 1000) / sendingMs,
  };
}

port.on("message", async (block: LoadBlock | "stop") => {
  if (block === "stop") {
    agent.destroy();
    port.close();
    return;
  }
  port.postMessage(await run(block));
});
