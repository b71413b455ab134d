// Steps a second of an environment: in this process, over HTTP one at a time, as a vector, and many steps a request.
//
// Rounds of each way alternate in one run, the service a process of its own; a rate is the median over rounds. Actions are
// drawn at random; the first round warms up and does not count.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { openScenario, simulatedEnvironment } from "../environments/index.ts";
import { quantile, SeededRandom } from "../src/math/index.ts";
import { compiledEntry } from "../src/store/index.ts";
import { endChild, startChild } from "./child.ts";

const SCENARIO = "image-mmpp";
const INTERVAL_S = 10;
/** Environments of the vector. */
const WIDTH = 16;
const STEPS_A_REQUEST = 64;
const ROUNDS = 7;
const ROUND_MS = 2000;

/** What `trimtab bench environments` prints: steps a second, those of all environments of a vector together. */
export interface EnvironmentBench {
  readonly scenario: string;
  readonly intervalS: number;
  /** Environments of the vector. */
  readonly width: number;
  readonly inProcess: number;
  readonly single: number;
  readonly vector: number;
  /** A vector that takes several steps by one request. */
  readonly batched: number;
}

const createdSchema = z.object({ instance_id: z.string() });

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${url}: expected an answer, found ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** Takes some steps. @returns how many */
type Way = () => Promise<number>;

async function rateOf(way: Way): Promise<number> {
  const startedMs = performance.now();
  let steps = 0;
  while (performance.now() - startedMs < ROUND_MS) steps += await way();
  return (1000 * steps) / (performance.now() - startedMs);
}

/** Measures; about a minute. */
export async function benchEnvironments(): Promise<EnvironmentBench> {
  const open = await openScenario(SCENARIO, { dataFolder: null });
  const random = new SeededRandom(1);
  const action = (): number[] => [...open.lattice.coordinates(open.lattice.sample(random))];
  const actions = (): number[][] => Array.from({ length: WIDTH }, action);
  const folder = await mkdtemp(join(tmpdir(), "trimtab-environments-"));
  const args = [compiledEntry("src/cli/main.ts"), "serve", "--port", "0", "--store", folder, "--speed", "1"];
  const child = await startChild(process.execPath, args, /^listening on (http:\S+)$/m);
  const local = simulatedEnvironment({ ...open, intervalS: INTERVAL_S });
  try {
    const url = `${child.ready[1]}/v1`;
    const kwargs = { interval_s: INTERVAL_S };
    const create = async (path: string, more: object): Promise<string> => {
      const created = await post(`${url}/${path}`, { env_id: open.id, kwargs, ...more });
      return `${url}/${path}/${createdSchema.parse(created).instance_id}`;
    };
    const single = await create("envs", {});
    const vector = await create("vector_envs", { num_envs: WIDTH });
    await local.reset({ seed: 1 });
    await post(`${single}/reset`, { seed: 1 });
    await post(`${vector}/reset`, { seed: 1 });
    const ways: Readonly<Record<"inProcess" | "single" | "vector" | "batched", Way>> = {
      inProcess: async () => {
        const { truncated } = await local.step({ configuration: open.lattice.sample(random), reason: "bench" });
        if (truncated) await local.reset();
        return 1;
      },
      single: async () => {
        const answer = await post(`${single}/step`, { action: action() });
        if (z.object({ truncated: z.boolean() }).parse(answer).truncated) await post(`${single}/reset`, {});
        return 1;
      },
      vector: async () => {
        await post(`${vector}/step`, { actions: actions() });
        return WIDTH;
      },
      batched: async () => {
        await post(`${vector}/steps`, { actions: Array.from({ length: STEPS_A_REQUEST }, actions) });
        return WIDTH * STEPS_A_REQUEST;
      },
    };
    const rounds: Record<keyof typeof ways, number>[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      rounds.push({
        inProcess: await rateOf(ways.inProcess),
        single: await rateOf(ways.single),
        vector: await rateOf(ways.vector),
        batched: await rateOf(ways.batched),
      });
    }
    const median = (name: keyof typeof ways): number =>
      quantile(
        rounds.slice(1).map((rates) => rates[name]),
        0.5,
      );
    return {
      scenario: SCENARIO,
      intervalS: INTERVAL_S,
      width: WIDTH,
      inProcess: median("inProcess"),
      single: median("single"),
      vector: median("vector"),
      batched: median("batched"),
    };
  } finally {
    await local.close();
    await endChild(child);
    await rm(folder, { recursive: true, force: true });
  }
}
