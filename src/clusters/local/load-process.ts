// Sends requests to a local cluster at given times, a process of its own: on schedule, whether answers come or not.
//
// Told { url, timesMs, seed }: sends one request of one row at each time since it was told. Tells what they came to.

import { Pool } from "undici";
import { SeededRandom } from "../../math/index.ts";
import { LOCAL_MODEL } from "./onnx-model.ts";

/** Requests to send. */
export interface LoadOrder {
  readonly url: string;
  /** Since now; ascending. */
  readonly timesMs: readonly number[];
  /** Of what is in them. */
  readonly seed: number;
}

/** What became of them. */
export interface LoadOutcome {
  readonly answered: number;
  readonly failed: number;
  /** How late the last 1 % were sent: what the generator itself could not keep up with. */
  readonly lagP99Ms: number;
}

const CONNECTIONS = 256;

/** Different requests; more would only cost memory. */
const BODIES = 64;

/** Connections last from order to order: opening them anew would be what the first requests of each measure. */
const pools = new Map<string, Pool>();

function poolOf(url: string): Pool {
  const kept = pools.get(url);
  if (kept !== undefined) return kept;
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  pools.set(url, pool);
  return pool;
}

function bodiesOf(seed: number): string[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: BODIES }, () => {
    const data = Array.from({ length: LOCAL_MODEL.inputs }, () => Math.round(2000 * random.next() - 1000) / 1000);
    return JSON.stringify({ inputs: [{ name: "input", shape: [1, LOCAL_MODEL.inputs], datatype: "FP32", data }] });
  });
}

async function send(pool: Pool, body: string): Promise<boolean> {
  try {
    const headers = { "content-type": "application/json" };
    const answer = await pool.request({ path: "/v2/models/mlp/infer", method: "POST", headers, body });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}

async function run({ url, timesMs, seed }: LoadOrder): Promise<LoadOutcome> {
  const pool = poolOf(url);
  const bodies = bodiesOf(seed);
  const startMs = performance.now();
  const lagsMs: number[] = [];
  const answers: Promise<boolean>[] = [];
  for (const [i, timeMs] of timesMs.entries()) {
    for (
      let leftMs = timeMs - (performance.now() - startMs);
      leftMs > 0;
      leftMs = timeMs - (performance.now() - startMs)
    ) {
      await new Promise((resolve) => setTimeout(resolve, leftMs));
    }
    lagsMs.push(performance.now() - startMs - timeMs);
    answers.push(send(pool, bodies[i % BODIES] ?? ""));
  }
  const outcomes = await Promise.all(answers);
  const answered = outcomes.filter(Boolean).length;
  lagsMs.sort((a, b) => a - b);
  return { answered, failed: outcomes.length - answered, lagP99Ms: lagsMs[Math.floor(0.99 * lagsMs.length)] ?? 0 };
}

process.on("message", (order: LoadOrder) => {
  void run(order).then((outcome) => process.send?.(outcome));
});
process.on("disconnect", () => process.exit(0));
process.stdout.write("ready\n");
