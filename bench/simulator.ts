// `trimtab bench simulator`: requests simulated per second of one core, and peak memory over a billion requests.
//
// onePool: four machines, batches of up to 16 within 5 ms, noisy service, 9,000 requests/s: the billion requests.
// full: every mechanism on at once (full-plan.ts), under each routing; the slowest counts.
// Rates are per second of processor time, helper threads included, so that other work on the machine does not count.

import { SeededRandom } from "../src/math/index.ts";
import { type Routing, type SimulationPlan, Simulator } from "../src/simulator/index.ts";
import { poisson } from "../src/workload/index.ts";
import { fullPlan } from "./full-plan.ts";

/** What the command prints. */
export interface SimulatorBench {
  readonly onePool: { readonly requestsPerSecond: number; readonly requests: number };
  readonly full: {
    readonly requestsPerSecond: number;
    readonly requests: number;
    readonly byRouting: Readonly<Record<Routing, number>>;
  };
  readonly peakMemoryMb: number;
}

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

/** Runs to so many requests, observed every minute; returns requests per second of processor time. */
function rate(
  plan: SimulationPlan,
  requests: number,
  onWindow: (simulator: Simulator, window: number) => void,
): number {
  const simulator = new Simulator(plan, new SeededRandom(1));
  const untilS = requests / plan.workload.meanRateRps;
  const before = process.cpuUsage();
  for (let window = 1; simulator.timeS < untilS; window++) {
    simulator.run(Math.min(untilS, window * WINDOW_S));
    onWindow(simulator, window);
  }
  const { user, system } = process.cpuUsage(before);
  return simulator.totals().flow.arrived / ((user + system) / 1e6);
}

/** Runs the measurements; about two minutes. @param requests how many the stream is long that memory is watched over */
export function benchSimulator(requests = 1e9): SimulatorBench {
  const turn = (simulator: Simulator, window: number): void => {
    simulator.observe();
    // Every fourth minute a batch knob turns, every ninth the fleet.
    if (window % 4 === 0) simulator.configure({ maxBatchDelayMs: window % 8 === 0 ? 20 : 10 });
    if (window % 9 === 0) simulator.configure({ "instances.a.onDemand": window % 18 === 0 ? 6 : 7 });
  };
  const routed = (routing: Routing): number => rate(fullPlan(FULL_RPS, routing), FULL_REQUESTS, turn);
  const byRouting = {
    central: routed("central"),
    "least-expected-wait": routed("least-expected-wait"),
    "weighted-round-robin": routed("weighted-round-robin"),
  };
  const onePool = rate(onePoolPlan(), requests, (simulator) => {
    simulator.observe();
  });
  return {
    onePool: { requestsPerSecond: Math.round(onePool), requests },
    full: {
      requestsPerSecond: Math.round(Math.min(...Object.values(byRouting))),
      requests: FULL_REQUESTS,
      byRouting: {
        central: Math.round(byRouting.central),
        "least-expected-wait": Math.round(byRouting["least-expected-wait"]),
        "weighted-round-robin": Math.round(byRouting["weighted-round-robin"]),
      },
    },
    peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}
