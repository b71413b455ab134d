// A cluster that exists in an agent's beliefs: the simulator, told only what the agent knows, under arrivals it recorded.
//
// service times are the performance model's, scaled by e^z, z the slowdown measured so far, and scatter as was measured; a
// call to a function costs what the model charges for one; arrivals are Poisson at recorded rates, times a factor. Nothing
// fails, nothing is late.

import { committedUsdPerHour } from "../src/catalogue/index.ts";
import type {
  AgentContext,
  ArrivalRecord,
  ClusterState,
  Configuration,
  InstanceType,
  Proposal,
  Random,
  Transition,
} from "../src/core/index.ts";
import { History, rewardOf } from "../src/core/index.ts";
import { EpisodeGuards, simulationGuards } from "../src/guards/index.ts";
import type { ServiceProfile } from "../src/profiles/index.ts";
import { type SimulationPlan, Simulator } from "../src/simulator/index.ts";
import { sameConfiguration } from "../src/spaces/index.ts";
import { alongCurve, BinnedRates, type Workload } from "../src/workload/index.ts";

/** Sub-intervals a window's rates are kept in. */
const BINS = 6;

/** What is imagined. */
export interface Imagined {
  readonly context: AgentContext;
  /** At least one, oldest first; one imagined window each. */
  readonly arrivals: readonly ArrivalRecord[];
  /** Multiplies all rates. */
  readonly factor: number;
  /** Logarithm of how much longer service takes than the model says. */
  readonly slowdown: number;
  /** Coefficient of variation of the service times of one batch size. */
  readonly serviceCv: number;
  /** What runs at the start; its machines are there at once. */
  readonly configuration: Configuration;
  readonly random: Random;
}

/** Who acts in an imagined cluster. */
export interface ImaginedDecider {
  act(observation: ClusterState): Proposal;
  update?(transition: Transition): void;
  plan?(): void;
}

/** What an imagined window came to. */
export interface ImaginedWindow {
  readonly observation: ClusterState;
  readonly reward: number;
}

/** Whether there is anything to imagine: machines to rent, or a host. */
export function canImagine({ catalogue, host }: AgentContext): boolean {
  return catalogue.instances.length > 0 || host !== null;
}

/** The rates behind a window's counts: what scatters no more than Poisson counts do is taken for chance. Shape [BINS] */
function ratesBehind({ rateRps, recentRatesRps, durationS }: ArrivalRecord): number[] {
  const told = Array.from({ length: BINS }, (_, bin) => {
    const from = Math.floor((bin / BINS) * recentRatesRps.length);
    const part = recentRatesRps.slice(from, Math.max(from + 1, Math.floor(((bin + 1) / BINS) * recentRatesRps.length)));
    return part.length === 0 ? rateRps : part.reduce((sum, rate) => sum + rate, 0) / part.length;
  });
  const mean = told.reduce((sum, rate) => sum + rate, 0) / BINS;
  const variance = told.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (BINS - 1);
  const byChance = (mean * BINS) / durationS;
  const share = variance > byChance ? 1 - byChance / variance : 0;
  return told.map((rate) => mean + share * (rate - mean));
}

function recordedRates(arrivals: readonly ArrivalRecord[], factor: number, intervalS: number): Workload {
  const rates = Float64Array.from(arrivals.flatMap(ratesBehind), (rate) => factor * rate);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  return alongCurve("recorded", new BinnedRates(rates, intervalS / BINS), mean, arrivals.length * intervalS);
}

/** A configuration with a single machine of a type, which under ten times its load hands nearly everything over. */
function callUsd({ model, initial, space }: AgentContext, type: InstanceType | undefined): number {
  if (type === undefined) return 0;
  const knobs = space.knobs.filter((knob) => knob.name.startsWith("instances."));
  const none = Object.fromEntries(knobs.map((knob) => [knob.name, 0]));
  const alone = { ...initial, ...none, offloadThresholdMs: 0, [`instances.${type.name}.onDemand`]: 1 };
  const rateRps = 10 * model.capacityRps(type.name, alone);
  const { offloadedShare, costUsdPerHour } = model.predict(alone, { rateRps });
  const calls = 3600 * rateRps * offloadedShare;
  return calls > 0 ? Math.max(0, costUsdPerHour - type.usdPerHour) / calls : 0;
}

function planOf({ context, arrivals, factor, slowdown, serviceCv, configuration }: Imagined): SimulationPlan {
  const { catalogue, host, model, objective, space, initial, intervalS } = context;
  const scale = Math.exp(slowdown);
  const profileOf = (name: string): ServiceProfile => ({
    name,
    serviceMs: ({ batch, ...point }) => scale * model.serviceMs(name, { ...initial, concurrency: 1, ...point }, batch),
  });
  const called = catalogue.function;
  const price = called === null ? 0 : callUsd(context, catalogue.instances[0]);
  return {
    workload: recordedRates(arrivals, factor, intervalS),
    classes: [{ name: "all", share: 1, strict: true, size: { mean: 1, cv: 0 } }],
    pools: catalogue.instances.map((type) => ({ type, profile: profileOf(type.name) })),
    host: host === null ? null : { ...host, profile: profileOf("host") },
    function:
      called === null
        ? null
        : {
            type: { ...called, usdPerGbS: 0, usdPerRequest: price },
            profile: profileOf("function"),
            memoryMb: called.memoryMb.max,
            late: { share: 0, extraMs: 0 },
          },
    telemetry: { arrivalTimes: false, serviceTimes: true },
    routing: "central",
    reality: {
      interference: 0,
      oversubscription: 1,
      serviceCv,
      stragglers: { share: 0, factor: 1 },
      concurrencyLock: null,
      batchOverheadMs: 0,
    },
    slo: objective.slo,
    knobs: space.knobs,
    initial: configuration,
    queueTimeoutS: Number.POSITIVE_INFINITY,
    queueLimit: Number.POSITIVE_INFINITY,
    scoreFromS: 0,
  };
}

/**
 * Lives through the recorded arrivals, one decision a window, under the guards of a simulation.
 * @param actor as whose decisions they are learnt: an agent's own, or an optimizer's to be imitated
 * @returns one for each decision, in order; one fewer than windows recorded
 */
export function imagine(imagined: Imagined, decider: ImaginedDecider, actor: "agent" | "optimizer"): ImaginedWindow[] {
  const { context, arrivals, random } = imagined;
  const { objective, space, intervalS, catalogue, host, limits } = context;
  const simulator = new Simulator(planOf(imagined), random);
  const history = new History();
  const guards = new EpisodeGuards(
    {
      guards: simulationGuards,
      objective,
      mode: "active",
      committedUsdPerHour: (configuration) => committedUsdPerHour(catalogue, host, configuration),
      budgetUsdPerHour: limits.usdPerHour ?? null,
    },
    space,
  );
  const observe = (windows: number): ClusterState => {
    simulator.run(windows * intervalS);
    const seen = simulator.observe();
    const past = history.add(seen.timeS, seen.metrics, seen.configuration);
    return { ...seen, forecast: null, mask: null, history: past };
  };
  const lived: ImaginedWindow[] = [];
  let observation = observe(1);
  for (let window = 2; window <= arrivals.length; window++) {
    const proposed = decider.act(observation);
    const applied = guards.check(proposed, observation).proposal.configuration;
    simulator.configure(applied);
    const next = observe(window);
    const { reward } = rewardOf(observation.configuration, next, objective, space);
    const untouched = sameConfiguration(applied, proposed.configuration);
    decider.update?.({
      observation,
      proposed,
      applied,
      actor: actor === "agent" && !untouched ? "guard" : actor,
      actionProbability: proposed.probability ?? 1,
      reward,
      next,
      windowS: intervalS,
      aborted: false,
      truncated: window === arrivals.length,
    });
    decider.plan?.();
    lived.push({ observation: next, reward });
    observation = next;
  }
  return lived;
}
