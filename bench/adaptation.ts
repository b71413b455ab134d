// `trimtab bench adaptation`: how soon an agent trained across applications is at home in a new one, beside transfer.
//
// meta      trained across many applications, then starts in one it never saw
// transfer  ppo, starts from the policy of the nearest of several applications, each with an agent of its own
// nearest: least distance in the logarithms of service time, SLO over service time, machines' worth of load, and price
// both learn on, on the same arrivals; windows until adapted as in src/training/adaptation.ts
// intervals: 95 %, percentile bootstrap over applications, and over the seeds of each
// Source: the experiment is that of H. Qiu et al., "AWARE", USENIX ATC 2023, section 5.2.

import { Piscina } from "piscina";
import { application } from "../environments/application.ts";
import { agentContext, type OpenScenario, openScenario } from "../environments/index.ts";
import type { AgentSnapshot } from "../src/core/index.ts";
import { SeededRandom } from "../src/math/index.ts";
import { createOptimizer } from "../src/optimizers/index.ts";
import { compiledEntry } from "../src/store/index.ts";
import { windowsUntil } from "../src/training/adaptation.ts";
import type { AdaptationResult, AdaptationTask } from "../src/training/adaptation-worker.ts";
import { DEFAULT_OPTIMIZER } from "../src/training/policies.ts";
import { type Figure, figureOver, meanOf } from "./resampling.ts";

/** What to run. */
export interface AdaptationBenchOptions {
  /** Numbers of the applications to adapt to; none of them is trained on. */
  readonly applications: readonly number[];
  readonly seeds: readonly number[];
  /** Applications the one agent is trained across, and how many have an agent of their own. */
  readonly trained: number;
  readonly sources: number;
  readonly windows: number;
  readonly workers: number;
  readonly onProgress: (share: number, what: string) => void;
}

/** One run, summed up. */
export interface AdaptationBenchRun {
  readonly method: Method;
  readonly application: string;
  readonly seed: number;
  readonly adaptedAfter: number;
  /** Windows until within 5 % of the better of both methods' converged scores. */
  readonly reachedBestAfter: number;
  readonly first: number;
  readonly converged: number;
  readonly violations: number;
}

/** A method over all runs. */
export interface AdaptationRow {
  readonly method: Method;
  readonly adaptedAfter: Figure;
  readonly reachedBestAfter: Figure;
  readonly firstReward: Figure;
  readonly convergedReward: Figure;
  readonly violationsPerRun: Figure;
}

/** The benchmark's answer. */
export interface AdaptationBench {
  readonly seeds: readonly number[];
  readonly windows: number;
  readonly every: number;
  readonly trained: number;
  readonly sources: number;
  readonly methods: readonly AdaptationRow[];
  /** Transfer's windows until adapted over meta's, which counts as having had at least one a run. */
  readonly timesSooner: Figure;
  readonly timesSoonerToBest: Figure;
  readonly runs: readonly AdaptationBenchRun[];
}

type Method = "meta" | "transfer";

/** Applications trained on are numbered from here. */
const TRAINED_FROM = 1001;

/** How agents are trained: long rollouts over several applications; and how they learn on, by short ones. */
const TRAINED = {
  meta: "meta:rollout=1024,batch=128,passes=4,clone=1024,learningRate=0.001",
  transfer: "ppo:rollout=256,batch=64,passes=6,clone=256",
};
const ADAPTING = { meta: "meta:learningRate=0.001", transfer: "ppo:learningRate=0.001" };

/** Windows on an application in training, and how many applications the optimizer shows first. */
const TRAINED_WINDOWS = 256;
const SHOWN = 40;
/** An agent with one application lives through it so often, first as the optimizer does. */
const SOURCE_EPISODES = 16;
const SOURCE_SHOWN = 2;

/** Windows between two scores, and of a score: four hours of a window a minute. */
const EVERY = 64;
const SCORED = 240;

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => TRAINED_FROM + i);
}

/** What makes applications alike; shape [4]. */
function traits(open: OpenScenario): number[] {
  const context = agentContext(open, new SeededRandom(1), 1, createOptimizer(DEFAULT_OPTIMIZER));
  const [type] = context.catalogue.instances;
  const serviceMs = context.model.serviceMs(type?.name ?? "host", context.initial, 1);
  return [
    serviceMs,
    context.objective.slo[0].latencyMs / serviceMs,
    (open.plan.workload.meanRateRps * serviceMs) / 1000,
    type?.usdPerHour ?? 1,
  ].map(Math.log);
}

async function traitsOf(list: readonly number[]): Promise<number[][]> {
  return Promise.all(list.map(async (number) => traits(await openScenario(application(number), { dataFolder: null }))));
}

function nearest(to: readonly number[], candidates: readonly (readonly number[])[]): number {
  const distance = (one: readonly number[]): number => Math.hypot(...one.map((value, i) => value - (to[i] ?? 0)));
  return candidates.reduce((best, one, i) => (distance(one) < distance(candidates[best] ?? []) ? i : best), 0);
}

/** Rows and ratios from runs. */
export function adaptationRows(
  runs: readonly AdaptationBenchRun[],
): Pick<AdaptationBench, "methods" | "timesSooner" | "timesSoonerToBest"> {
  const cells = runs.filter(({ method }) => method === "meta");
  const key = ({ application, seed }: AdaptationBenchRun): string => `${application} ${seed}`;
  const transfer = new Map(runs.filter(({ method }) => method === "transfer").map((run) => [key(run), run]));
  const of = (method: Method, drawn: readonly AdaptationBenchRun[]): readonly AdaptationBenchRun[] =>
    method === "meta" ? drawn : drawn.flatMap((run) => transfer.get(key(run)) ?? []);
  const figure = (method: Method, value: (run: AdaptationBenchRun) => number): Figure =>
    figureOver(cells, (drawn) => meanOf(of(method, drawn), value));
  const sooner = (value: (run: AdaptationBenchRun) => number): Figure =>
    figureOver(cells, (drawn) => meanOf(of("transfer", drawn), value) / Math.max(1, meanOf(drawn, value)));
  return {
    methods: (["meta", "transfer"] as const).map((method) => ({
      method,
      adaptedAfter: figure(method, (run) => run.adaptedAfter),
      reachedBestAfter: figure(method, (run) => run.reachedBestAfter),
      firstReward: figure(method, (run) => run.first),
      convergedReward: figure(method, (run) => run.converged),
      violationsPerRun: figure(method, (run) => run.violations),
    })),
    timesSooner: sooner((run) => run.adaptedAfter),
    timesSoonerToBest: sooner((run) => run.reachedBestAfter),
  };
}

class Runs {
  readonly #pool: Piscina<AdaptationTask, AdaptationResult>;
  readonly #options: AdaptationBenchOptions;
  readonly #total: number;
  #done = 0;

  constructor(options: AdaptationBenchOptions) {
    this.#options = options;
    this.#pool = new Piscina({
      filename: compiledEntry("src/training/adaptation-worker.ts"),
      minThreads: 0,
      maxThreads: options.workers,
    });
    // Training across takes as long as so many of the other runs.
    this.#total =
      options.trained / SOURCE_EPISODES + options.sources + 2 * options.applications.length * options.seeds.length;
  }

  async train(agent: string, applications: readonly number[], shown: number, weight: number): Promise<AgentSnapshot> {
    const task: AdaptationTask = { kind: "train", agent, applications, shown, windows: TRAINED_WINDOWS, seed: 1 };
    const result = await this.#pool.run(task);
    if (result.kind !== "trained") throw new TypeError("training: expected what was learnt, found something else");
    this.#tell(weight, `${agent.split(":")[0]} trained on ${applications.length === 1 ? "one" : applications.length}`);
    return result.learnt;
  }

  async adapt(method: Method, learnt: AgentSnapshot, number: number, seed: number) {
    const order = {
      agent: ADAPTING[method],
      learnt,
      seed,
      windows: this.#options.windows,
      every: EVERY,
      scored: SCORED,
    };
    const result = await this.#pool.run({ kind: "adapt", application: number, ...order });
    if (result.kind !== "adapted") throw new TypeError("adaptation: expected a run, found something else");
    this.#tell(1, `application-${number} ${method} seed ${seed}`);
    return result.run;
  }

  #tell(weight: number, what: string): void {
    this.#done += weight;
    this.#options.onProgress(this.#done / this.#total, what);
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** Trains, lets both adapt to every application with every seed, and compares. */
export async function benchAdaptation(options: AdaptationBenchOptions): Promise<AdaptationBench> {
  const { applications, seeds, trained, sources, windows } = options;
  const runs = new Runs(options);
  try {
    const [learnt, ...library] = await Promise.all([
      runs.train(TRAINED.meta, numbers(trained), Math.min(SHOWN, Math.floor(trained / 3)), trained / SOURCE_EPISODES),
      ...numbers(sources).map((number) =>
        runs.train(TRAINED.transfer, new Array<number>(SOURCE_EPISODES).fill(number), SOURCE_SHOWN, 1),
      ),
    ]);
    const [wanted, offered] = [await traitsOf(applications), await traitsOf(numbers(sources))];
    const pairs = await Promise.all(
      applications.flatMap((number, i) =>
        seeds.map(async (seed) => {
          const source = library[nearest(wanted[i] ?? [], offered)];
          if (learnt === undefined || source === undefined)
            throw new RangeError("sources: expected at least one, found none");
          const both = await Promise.all([
            runs.adapt("meta", learnt, number, seed),
            runs.adapt("transfer", source, number, seed),
          ]);
          const best = Math.max(...both.map(({ converged }) => converged));
          return both.map(
            ({ scores, converged, adaptedAfter, violations }, m): AdaptationBenchRun => ({
              method: m === 0 ? "meta" : "transfer",
              application: `application-${number}`,
              seed,
              adaptedAfter,
              reachedBestAfter: windowsUntil(scores, EVERY, best),
              first: scores[0] ?? Number.NaN,
              converged,
              violations,
            }),
          );
        }),
      ),
    );
    const all = pairs.flat();
    return { seeds, windows, every: EVERY, trained, sources, ...adaptationRows(all), runs: all };
  } finally {
    await runs.destroy();
  }
}
