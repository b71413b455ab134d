// `trimtab bench live`: real arrivals to real model servers on this machine; every configuration measured once, then searches.
//
// 1. the servers' service times at six points, which are the prior; from them the load (.3 of what they can do at best)
//    and the SLO (sixteen times one request's service)
// 2. every configuration once: what is best, and how bad the start is
// 3. from the bad start each method on its own, and the server's default
// 4. the best five and what each method kept, again and again in turn: "within 10 %" is judged by interval (side-by-side.ts)

import type { OpenScenario } from "../../environments/index.ts";
import type { Configuration } from "../../src/core/index.ts";
import { sameConfiguration } from "../../src/spaces/index.ts";
import { LiveCluster } from "./cluster.ts";
import { type RatioInterval, ratioOf, type Verdict, within } from "./judge.ts";
import { brokeShare, type LiveReport, type LiveResult, rankOf, windowsToStay } from "./live-report.ts";
import { capacityRps, measureAll, measurePrior } from "./measuring.ts";
import { type LiveSearch, runLiveSearch } from "./searching.ts";
import { measureSideBySide } from "./side-by-side.ts";
import {
  LIVE_LATTICE,
  type LiveArrivals,
  type LiveLattice,
  liveArrivals,
  liveTask,
  type MeasuredPoint,
} from "./task.ts";

/** How the bench is run. */
export interface LiveBenchOptions {
  readonly lattice?: LiveLattice;
  readonly methods: readonly string[];
  /** Of each method. */
  readonly windows: number;
  /** Of a window. */
  readonly windowS: number;
  /** Windows of each of the best, measured again. */
  readonly rounds: number;
  readonly seed: number;
  readonly dataFolder: string | null;
  readonly onProgress: (share: number, what: string) => void;
}

const PERCENTILE = 0.95;

/**
 * Of the rate that two servers of one thread can do in large batches. Gateway and load generator live on the same cores and
 * need as much again: at .5 two cores were so nearly full that the same configuration was in time or late by chance.
 */
const LOAD = 0.3;

/** SLO over the service time of one request on a busy server; fewer are within what two shared cores put off by chance. */
const SLO_RATIO = 16;

/** Latency over that of the best that counts as near it: within 10 %. */
const NEAR = 1.1;

/** Among all configurations from best to worst, where searches start. */
const START_RANK = 0.85;

const DEFAULT_METHOD = "server default";

/** What an inference server does where nobody tunes it: one instance with all cores, no batching. */
const SERVER_DEFAULT = { concurrency: 1, intraOpThreads: 2, maxBatchSize: 1, maxBatchDelayMs: 0 };

/** What is tuned, once prior and load are known. */
interface Prepared {
  readonly prior: readonly MeasuredPoint[];
  readonly speed: number;
  readonly sloMs: number;
  readonly timesMs: readonly number[];
  readonly taskFor: (initial: Configuration) => Promise<OpenScenario>;
}

async function prepare(
  cluster: LiveCluster,
  arrivals: LiveArrivals,
  lattice: LiveLattice,
  { windowS, dataFolder }: LiveBenchOptions,
): Promise<Prepared> {
  const prior = await measurePrior(cluster, lattice);
  const rateRps = LOAD * capacityRps(prior, Math.max(...lattice.concurrency));
  const requests = Math.round(rateRps * windowS);
  const timesS = await arrivals.times(requests);
  const speed = (timesS[requests - 1] ?? 1) / windowS;
  const alone = Math.min(...prior.filter(({ batch }) => batch === 1).map(({ serviceMs }) => serviceMs));
  const sloMs = Math.round(SLO_RATIO * alone);
  const taskFor = (initial: Configuration): Promise<OpenScenario> =>
    liveTask({
      lattice,
      points: prior,
      percentile: PERCENTILE,
      sloMs,
      initial: Object.fromEntries(Object.entries(initial).map(([name, value]) => [name, Number(value)])),
      workload: arrivals.spec,
      dataFolder,
      requests,
      windowS,
    });
  return { prior, speed, sloMs, timesMs: Array.from(timesS, (timeS) => (1000 * timeS) / speed), taskFor };
}

function smallest(lattice: LiveLattice): Configuration {
  return Object.fromEntries(Object.entries(lattice).map(([name, values]) => [name, values[0] ?? 1]));
}

/** Runs the bench; some half an hour with its defaults. */
export async function benchLive(options: LiveBenchOptions): Promise<LiveReport> {
  const { lattice = LIVE_LATTICE, methods, windows, rounds, seed, onProgress } = options;
  const startMs = performance.now();
  const arrivals = await liveArrivals(options.dataFolder);
  const knobs = Object.entries(lattice).map(([name, values]) => ({
    name,
    values,
    actuation: "hot" as const,
    actuationDelayS: 0,
    decideEveryS: 0,
  }));
  // The SLO is not known before the servers are: misses are counted from the windows' own histograms at its percentile.
  const opened = (): Promise<LiveCluster> => LiveCluster.start({ knobs, percentile: PERCENTILE });
  const cluster = await opened();
  try {
    onProgress(0, "service times");
    const prepared = await prepare(cluster, arrivals, lattice, options);
    const { timesMs, sloMs } = prepared;
    cluster.sloMs = sloMs;
    const plain = await prepared.taskFor(smallest(lattice));
    const count = plain.lattice.all().length;
    const total = count + methods.length * (windows + 1) + rounds * (6 + methods.length);
    const listed = await measureAll(plain, cluster, timesMs, (done) => onProgress(done / total, "every configuration"));
    const initial = listed[Math.floor(START_RANK * count)]?.configuration ?? plain.initial;
    const open = await prepared.taskFor(initial);
    const searches: LiveSearch[] = [];
    for (const method of methods) {
      onProgress((count + searches.length * (windows + 1)) / total, method);
      searches.push(await runLiveSearch({ open, cluster, timesMs, method, windows, seed }));
    }
    const tuned = (count + methods.length * (windows + 1)) / total;
    onProgress(tuned, "the best, again");
    const best = listed.slice(0, 5);
    const keptBy = [...searches.map(({ kept }) => kept.at(-1) ?? initial), open.lattice.nearest(SERVER_DEFAULT)];
    const wanted = [...best.map((one) => one.configuration), ...keptBy];
    // What several methods kept is one configuration, and has the same windows for all of them.
    const placeOf = (one: Configuration): number => wanted.findIndex((other) => sameConfiguration(one, other));
    const distinct = wanted.filter((one, i) => placeOf(one) === i);
    const { latenciesMs: measured, generatorLagP99Ms } = await measureSideBySide({
      open: opened,
      configurations: distinct,
      timesMs,
      rounds,
      onProgress: (share) => onProgress(tuned + share * (1 - tuned), "the best, again"),
    });
    const again = wanted.map((one) => measured[distinct.findIndex((other) => sameConfiguration(one, other))] ?? []);
    const bestAgain = again.slice(0, best.length);
    const geometric = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + Math.log(value), 0) / values.length;
    const [reference = []] = [...bestAgain].sort((a, b) => geometric(a) - geometric(b));
    const verdict = (i: number): { toBest: RatioInterval; within10: Verdict } => {
      const toBest = ratioOf(again[best.length + i] ?? [], reference, seed);
      return { toBest, within10: within(toBest, NEAR) };
    };
    const near = (one: Configuration): boolean => {
      const place = placeOf(one);
      return place >= 0 && ratioOf(again[place] ?? [], reference, seed).ratio <= NEAR;
    };
    const results = searches.map((search, i): LiveResult => {
      const kept = keptBy[i] ?? initial;
      return {
        method: search.method,
        told: search.told,
        windows: search.passes.length,
        kept,
        keptRank: rankOf(open, listed, kept),
        ...verdict(i),
        windowsToWithin10: windowsToStay(search, near),
        brokeSloShare: brokeShare(search),
        seconds: search.seconds,
      };
    });
    const untuned = keptBy.at(-1) ?? initial;
    const untunedAgain = again.at(-1) ?? [];
    results.push({
      method: DEFAULT_METHOD,
      told: "nothing",
      windows: 0,
      kept: untuned,
      keptRank: rankOf(open, listed, untuned),
      ...verdict(searches.length),
      windowsToWithin10: null,
      brokeSloShare: untunedAgain.filter((latencyMs) => latencyMs > sloMs).length / untunedAgain.length,
      seconds: 0,
    });
    const spreads = measured.map((one) => Math.max(...one) / Math.min(...one)).sort((a, b) => a - b);
    return {
      arrivals: arrivals.source,
      speed: prepared.speed,
      rateRps: timesMs.length / options.windowS,
      requestsPerWindow: timesMs.length,
      runtime: cluster.runtime,
      percentile: PERCENTILE,
      sloMs,
      seed,
      prior: prepared.prior,
      configurations: count,
      initial: { configuration: initial, rank: rankOf(open, listed, initial) },
      best: best.map(({ configuration, latencyMs }, i) => ({
        configuration,
        onceMs: latencyMs,
        againMs: again[i] ?? [],
      })),
      spread: spreads[spreads.length >> 1] ?? 1,
      results,
      searches,
      generatorLagP99Ms: Math.max(cluster.lagP99Ms, generatorLagP99Ms),
      minutes: (performance.now() - startMs) / 60_000,
    };
  } finally {
    await cluster.close();
  }
}
