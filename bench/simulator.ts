// `trimtab bench simulator`: requests simulated per second of one core, and peak memory over a billion requests.
//
// onePool: four machines, batches of up to 16 within 5 ms, noisy service, 9,000 requests/s: the billion requests.
// full: every mechanism on at once (full-plan.ts), under each routing; the slowest counts.
// Rates are per second of processor time, helper threads included, over the best of twenty equal parts of a run:
// other work on the machine can only make a part slower. The mean over the whole run is given beside it.

import { SeededRandom } from "../src/math/index.ts";
import { type Routing, type SimulationPlan, Simulator } from "../src/simulator/index.ts";
import { poisson } from "../src/workload/index.ts";
import { fullPlan } from "./full-plan.ts";

/** What the command prints. */
export interface SimulatorBench {
  readonly onePool: Rate;
  /** Of the slowest routing. */
  readonly full: Rate & { readonly byRouting: Readonly<Record<Routing, number>> };
  /** Largest resident set of the process. */
  readonly peakMemoryMb: number;
}

/** Requests simulated per second of processor time. */
export interface Rate {
  readonly requestsPerSecond: number;
  readonly meanRequestsPerSecond: number;
  readonly requests: number;
}

const PARTS = 20;
const ONE_POOL_RPS = 9000;
const FULL_RPS = 8500;
const FULL_REQUESTS = 20_000_000;
const WINDOW_S = 60;

function onePoolPlan(): SimulationPlan {
  const type = {
    name: "m",
    kind: "vm",
    vcpus: 4,
    memoryGib: 8,
    gpus: 0,
    usdPerHour: 0.2,
    spotPriceRatio: null,
    spotInterruptionsPerHour: 0,
    launchS: { constant: 120 },
    billing: { incrementS: 1, minimumS: 60, launchBilled: false },
  } as const;
  return {
    workload: poisson(ONE_POOL_RPS, Number.POSITIVE_INFINITY),
    classes: [],
    pools: [{ type, profile: { name: "linear", serviceMs: ({ batch }) => 1 + 0.2 * batch } }],
    host: null,
    function: null,
    routing: "central",
    reality: {
      interference: 0,
      oversubscription: 0,
      serviceCv: 0.05,
      stragglers: { share: 0.003, factor: 2.5 },
      concurrencyLock: null,
      batchOverheadMs: 0,
    },
    slo: [
      { percentile: 0.98, latencyMs: 10 },
      { percentile: 0.99, latencyMs: 20 },
    ],
    knobs: [],
    initial: { "instances.m.onDemand": 4, maxBatchSize: 16, maxBatchDelayMs: 5 },
    queueTimeoutS: Number.POSITIVE_INFINITY,
    queueLimit: Number.POSITIVE_INFINITY,
    scoreFromS: WINDOW_S,
  };
}

/** Runs to so many requests, observed every minute. */
function rate(plan: SimulationPlan, requests: number, onWindow: (simulator: Simulator, window: number) => void): Rate {
  const simulator = new Simulator(plan, new SeededRandom(1));
  const partS = requests / plan.workload.meanRateRps / PARTS;
  let window = 1;
  let best = 0;
  let arrived = 0;
  let totalS = 0;
  for (let part = 1; part <= PARTS; part++) {
    const before = process.cpuUsage();
    while (simulator.timeS < part * partS) {
      simulator.run(Math.min(part * partS, window * WINDOW_S));
      if (simulator.timeS < window * WINDOW_S) break;
      onWindow(simulator, window++);
    }
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    const { flow } = simulator.totals();
    best = Math.max(best, (flow.arrived - arrived) / seconds);
    arrived = flow.arrived;
    totalS += seconds;
  }
  return {
    requestsPerSecond: Math.round(best),
    meanRequestsPerSecond: Math.round(arrived / totalS),
    requests: arrived,
  };
}

/** Runs the measurements; about two minutes. @param requests how many the stream is long that memory is watched over */
export function benchSimulator(requests = 1e9): SimulatorBench {
  const turn = (simulator: Simulator, window: number): void => {
    simulator.observe();
    // Every fourth minute a batch knob turns, every ninth the fleet.
    if (window % 4 === 0) simulator.configure({ maxBatchDelayMs: window % 8 === 0 ? 20 : 10 });
    if (window % 9 === 0) simulator.configure({ "instances.a.onDemand": window % 18 === 0 ? 6 : 7 });
  };
  const routings: readonly Routing[] = ["central", "least-expected-wait", "weighted-round-robin"];
  const rates = routings.map((routing) => rate(fullPlan(FULL_RPS, routing), FULL_REQUESTS, turn));
  const of = (i: number): number => rates[i]?.requestsPerSecond ?? 0;
  const onePool = rate(onePoolPlan(), requests, (simulator) => {
    simulator.observe();
  });
  return {
    onePool,
    full: {
      requestsPerSecond: Math.min(...rates.map((one) => one.requestsPerSecond)),
      meanRequestsPerSecond: Math.min(...rates.map((one) => one.meanRequestsPerSecond)),
      requests: Math.min(...rates.map((one) => one.requests)),
      byRouting: { central: of(0), "least-expected-wait": of(1), "weighted-round-robin": of(2) },
    },
    peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}
