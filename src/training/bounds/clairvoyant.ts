// The clairvoyant made feasible: the cheapest plan replayed in the simulator, every launch ordered in time.

import type { OpenScenario } from "../../../environments/index.ts";
import type { ClusterState, Configuration, KnobValue } from "../../core/index.ts";
import type { SimulationTotals } from "../../simulator/totals.ts";
import { runEpisode } from "../episode.ts";
import { evaluationEnvironment } from "../evaluation-environment.ts";
import { hoursMissed } from "../scorecard.ts";
import { type BoundInput, type ClairvoyantPlan, clairvoyantPlan, MAX_EXACT_TYPES } from "./bounds.ts";
import { batchLimits, type Rentable, rentables } from "./rentable.ts";

/** Shares of a machine's capacity the plan counts on, tried in turn. */
const CAPACITY_SHARES = [1, 0.9, 0.8, 0.7];

/** The clairvoyant decides this often, or as often as the scenario does where that is oftener. */
const DECIDE_EVERY_S = 10;

function numbersOf(open: OpenScenario, knob: string): number[] {
  const values = open.lattice.knobs.find((candidate) => candidate.name === knob)?.values ?? [];
  return values.filter((value): value is number => typeof value === "number");
}

/** Full batches of one size, the shortest delay, and offload as late as the SLO can bear. */
function hostSettings(open: OpenScenario, types: readonly Rentable[], batch: number): Record<string, KnobValue> {
  const settings: Record<string, KnobValue> = {};
  const delays = numbersOf(open, "maxBatchDelayMs");
  const thresholds = numbersOf(open, "offloadThresholdMs");
  if (numbersOf(open, "maxBatchSize").length > 0) settings["maxBatchSize"] = batch;
  if (delays.length > 0) settings["maxBatchDelayMs"] = Math.min(...delays);
  if (thresholds.length > 0) {
    const names = new Set(types.map((type) => type.typeName));
    const used = open.plan.pools.filter((pool) => names.has(pool.type.name));
    const slowestMs = Math.max(...used.map((pool) => open.model.serviceMs(pool.type.name, open.initial, batch)));
    const bearable = thresholds.filter((threshold) => threshold + slowestMs <= open.objective.slo[0].latencyMs);
    settings["offloadThresholdMs"] = bearable.length > 0 ? Math.max(...bearable) : Math.min(...thresholds);
  }
  return settings;
}

/** A plan for machines that all run full batches of one size. */
interface Candidate {
  readonly batch: number;
  readonly types: readonly Rentable[];
  readonly plan: ClairvoyantPlan;
}

/** Whether `b` has the same machines as `a` and each gives more, or as much in smaller batches, which wait less. */
function outdone(a: Omit<Candidate, "plan">, b: Omit<Candidate, "plan">): boolean {
  const pairs = a.types.map(
    (type) => [type.capacityRps, b.types.find((other) => other.knob === type.knob)?.capacityRps ?? 0] as const,
  );
  if (a.types.length !== b.types.length || pairs.some(([own, other]) => other < own)) return false;
  return pairs.some(([own, other]) => other > own) || b.batch < a.batch;
}

/** A plan for each batch size worth one, the cheapest first: one that another outdoes is not. */
function candidates(open: OpenScenario, input: BoundInput): Candidate[] {
  const options = batchLimits(open.plan).flatMap((batch) => {
    const types = rentables(open.plan, batch).slice(0, MAX_EXACT_TYPES);
    return types.length === 0 ? [] : [{ batch, types }];
  });
  return options
    .filter((option) => !options.some((other) => other !== option && outdone(option, other)))
    .map((option) => ({ ...option, plan: clairvoyantPlan(input, option.types, 1) }))
    .sort((a, b) => a.plan.usd - b.plan.usd);
}

class PlannedFleet {
  readonly #open: OpenScenario;
  readonly #plan: ClairvoyantPlan;
  readonly #base: Configuration;
  readonly #stepS: number;

  constructor(open: OpenScenario, plan: ClairvoyantPlan, batch: number, stepS: number) {
    this.#open = open;
    this.#plan = plan;
    this.#stepS = stepS;
    const machines = open.lattice.knobs.filter((knob) => knob.name.startsWith("instances."));
    const none = Object.fromEntries(machines.map((knob) => [knob.name, 0]));
    this.#base = open.lattice.nearest({ ...open.initial, ...none, ...hostSettings(open, plan.types, batch) });
  }

  act(observation: ClusterState): { configuration: Configuration; reason: string } {
    const wanted: Record<string, KnobValue> = { ...this.#base };
    this.#plan.types.forEach((type, i) => {
      wanted[type.knob] = this.#peak(
        this.#plan.counts[i] ?? new Int32Array(),
        observation.timeS,
        observation.timeS + type.launchS + this.#stepS,
      );
    });
    return { configuration: this.#open.lattice.nearest(wanted), reason: "clairvoyant plan" };
  }

  /** Highest planned count in a stretch of time; slots are in ascending order. */
  #peak(counts: Int32Array, fromS: number, toS: number): number {
    const { startS, slotS } = this.#plan;
    let low = 0;
    let high = startS.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((startS[middle] ?? 0) + slotS <= fromS) low = middle + 1;
      else high = middle;
    }
    let peak = low < counts.length ? 0 : (counts[counts.length - 1] ?? 0);
    for (let slot = low; slot < counts.length && (startS[slot] ?? 0) < toS; slot++)
      peak = Math.max(peak, counts[slot] ?? 0);
    if (low < startS.length && (startS[low] ?? 0) >= toS) peak = counts[low] ?? 0;
    return peak;
  }
}

async function replay(
  open: OpenScenario,
  batch: number,
  plan: ClairvoyantPlan,
  seed: number,
): Promise<SimulationTotals> {
  const stepS = Math.min(DECIDE_EVERY_S, open.intervalS);
  const environment = evaluationEnvironment(open, seed, stepS);
  const decider = new PlannedFleet(open, plan, batch, stepS);
  try {
    await runEpisode(environment, decider, {
      guards: [],
      objective: open.objective,
      mode: "active",
      committedUsdPerHour: open.committedUsdPerHour,
      budgetUsdPerHour: null,
    });
    return environment.cluster.totals();
  } finally {
    await environment.close();
  }
}

/**
 * Cost of the cheapest replayed plan that holds every SLO in every hour: batch sizes from the cheapest plan on, each on
 * less and less of its capacity as long as that helps. A plan that promises more than the best replay is not replayed.
 * @returns null where none of them holds the SLO
 */
export async function clairvoyantUsd(open: OpenScenario, input: BoundInput, seed: number): Promise<number | null> {
  let best: number | null = null;
  for (const { batch, types } of candidates(open, input)) {
    let previous = Number.POSITIVE_INFINITY;
    for (const share of CAPACITY_SHARES) {
      const plan = clairvoyantPlan(input, types, share);
      if (best !== null && plan.usd >= best) break;
      const totals = await replay(open, batch, plan, seed);
      if (!open.objective.slo.every((slo, i) => hoursMissed(totals, slo, i) === 0)) continue;
      if (totals.usd >= previous) break;
      previous = totals.usd;
      best = Math.min(best ?? totals.usd, totals.usd);
    }
  }
  return best;
}
