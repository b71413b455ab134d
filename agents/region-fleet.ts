// Region-fleet: launches and drops machines by layered optimal switching, learnt every night from the fleet's own past.
//
// every window: remember its arrivals;  every 24 h of cluster time: learn, replay, choose (src/switching/nightly.ts)
//   rules that fell behind mixed over the day sit the next one out
// until the first night: mixed with hold 120 s;  then what the night chose: learnt rules, mixed, or a fixed count
// hardware: kinds of machine at their best host settings (fleet-kinds.ts), compared in the night's replay
// Source: our own (design section 7.1; fleet-switching.md).
// Differs: one kind of machine at a time, since one batch knob serves all; the night's replay is fluid, not the simulator's;
//   no deferral. A frozen policy reads the load's features from the observation's history alone:
//   with windows of 10 s that is an hour, so it knows no burst that ended longer ago, and of windows longer than 10 s only
//   the mean, save for the latest.

import { z } from "zod";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
  type ArrivalRecord,
  CheckpointError,
  type ClusterState,
  type Configuration,
  type Policy,
  type PolicySpec,
  type Proposal,
  type Transition,
} from "../src/core/index.ts";
import { checkPolicySeal, sealPolicySpec, toJson } from "../src/spaces/index.ts";
import {
  BoostedTrees,
  type Choice,
  FeatureStream,
  featureNames,
  fellBehind,
  ITERATION,
  learnOvernight,
  RateMemory,
  readCalendar,
  SLOT_S,
  TREES,
} from "../src/switching/index.ts";
import { callBehaviour, fleetKinds, type KindOfMachine } from "./fleet-kinds.ts";
import { FleetRule } from "./fleet-rule.ts";
import { portableFleet } from "./portable-fleet.ts";
import { type ConfigurableAgent, readSettings } from "./settings.ts";

const NAME = "region-fleet";

const settingsSchema = z.strictObject({
  /** Days of arrivals remembered and learnt from. */
  historyDays: z.number().positive().max(60).default(7),
  /** Time between nights; also the least history the first one needs. */
  retrainEveryS: z.number().min(3600).default(86_400),
  /** Whether rules may read what other days tell of the time of day. */
  calendar: z.boolean().default(true),
  /** Hold of the mixed rule that acts before the first night. */
  holdS: z.number().min(1).default(120),
  /** Rows each fit learns from. */
  rows: z.number().int().min(100).max(5_000_000).default(ITERATION.rows),
  trees: z.number().int().min(1).max(1000).default(TREES.trees),
});
type Settings = z.infer<typeof settingsSchema>;

const numbers = z.array(z.number());
const treesSchema = z.object({
  depth: z.number().int().min(1).max(16),
  base: z.number(),
  features: z.array(
    z
      .number()
      .int()
      .min(0)
      .max(featureNames(true).length - 1),
  ),
  thresholds: numbers,
  leaves: numbers,
});
const choiceSchema = z.discriminatedUnion("rule", [
  z.object({
    rule: z.literal("learnt"),
    kind: z.string(),
    margin: z.number(),
    rules: z.object({ up: treesSchema, keep: treesSchema }),
    calendar: z.string().nullable(),
  }),
  z.object({ rule: z.literal("mixed"), kind: z.string(), holdS: z.number().positive() }),
  z.object({ rule: z.literal("static"), kind: z.string(), count: z.number().int().nonnegative() }),
]);
const parametersSchema = z.object({ choice: choiceSchema.nullable(), holdS: z.number() });
const stateSchema = z.object({
  settings: z.record(z.string(), z.unknown()),
  memory: z.object({
    counts: z.string(),
    stretches: z.array(z.object({ at: z.number().int(), fromS: z.number() })),
    recentRps: z.number(),
    lastS: z.number().nullable(),
  }),
  stream: z.object({
    ring: numbers,
    base: numbers,
    slots: z.number().int(),
    burstS: z.number(),
    sinceS: z.number(),
  }),
  choice: choiceSchema.nullable(),
  elapsedS: z.number(),
  nights: z.number().int(),
  nightS: z.number(),
  steps: z.number().int(),
  episodes: z.number().int(),
  rewardSum: z.number(),
});

function readChoice(read: z.infer<typeof choiceSchema> | null): Choice | null {
  if (read === null || read.rule !== "learnt") return read;
  return {
    ...read,
    rules: { up: new BoostedTrees(read.rules.up), keep: new BoostedTrees(read.rules.keep) },
    calendar: read.calendar === null ? null : readCalendar(read.calendar),
  };
}

/** The features an observation alone gives: its history, the latest window as finely as it is told. */
function streamOf({ history, metrics }: ClusterState): FeatureStream {
  const stream = new FeatureStream();
  for (const window of history.slice(0, -1)) {
    for (let s = 0; s < Math.max(1, Math.round(window.durationS / SLOT_S)); s++) stream.push(window.arrivalRateRps);
  }
  const latest = new RateMemory(1);
  const { rateRps, recentRatesRps } = metrics.arrivals;
  latest.add({ timeS: 0, durationS: Math.max(SLOT_S, metrics.durationS), rateRps, recentRatesRps });
  pushSlots(latest, latest.slots, stream);
  return stream;
}

/** Pushes the last slots of a memory. */
function pushSlots(memory: RateMemory, count: number, stream: FeatureStream): void {
  const fresh = memory.recorded(count);
  for (let slot = 0; slot < fresh.slots; slot++) {
    let sum = 0;
    for (let at = slot * SLOT_S; at < (slot + 1) * SLOT_S; at++) sum += fresh.counts[at] ?? 0;
    stream.push(sum / SLOT_S);
  }
}

class FleetPolicy implements Policy {
  readonly #rule: FleetRule;
  readonly #spec: PolicySpec;

  constructor(rule: FleetRule, spec: PolicySpec) {
    this.#rule = rule;
    this.#spec = spec;
  }

  act(observation: ClusterState): Configuration {
    return this.#rule.propose(observation, streamOf(observation)).configuration;
  }

  toJSON(): PolicySpec {
    return this.#spec;
  }
}

class RegionFleet implements Agent {
  readonly #context: AgentContext;
  readonly #settings: Settings;
  readonly #kinds: readonly KindOfMachine[];
  readonly #memory: RateMemory;
  readonly #stream = new FeatureStream();
  #rule: FleetRule;
  #choice: Choice | null = null;
  #elapsedS = 0;
  #nights = 0;
  #nightS = 0;
  #steps = 0;
  #episodes = 0;
  #rewardSum = 0;

  constructor(context: AgentContext, settings: Settings) {
    this.#context = context;
    this.#settings = settings;
    this.#kinds = fleetKinds(context);
    this.#memory = new RateMemory(settings.historyDays);
    this.#rule = new FleetRule(context, this.#kinds, null, settings.holdS);
  }

  act(observation: ClusterState): Proposal {
    if (this.#remember(observation)) return this.#rule.propose(observation, this.#stream);
    const running = observation.inFlight ?? observation.configuration;
    return { configuration: this.#context.space.nearest(running), reason: "no arrivals told: held as it is" };
  }

  update({ next, reward, truncated }: Transition): void {
    this.#steps += 1;
    this.#rewardSum += reward;
    if (truncated) this.#episodes += 1;
    this.#remember(next);
  }

  recall(arrivals: Iterable<ArrivalRecord>): void {
    for (const window of arrivals) this.#take(window);
  }

  /** The night's work, once a day of cluster time has been seen since the last. */
  planDue(): boolean {
    return this.#kinds.length > 0 && this.#elapsedS - this.#nightS >= this.#settings.retrainEveryS;
  }

  plan(): void {
    const { rows, trees, calendar } = this.#settings;
    if (!this.planDue()) return;
    const decideEvery = Math.max(1, Math.round(this.#context.intervalS / SLOT_S));
    const calls = callBehaviour(this.#context);
    const day = this.#memory.recorded(Math.round((this.#elapsedS - this.#nightS) / SLOT_S));
    const acted = this.#choice;
    const kind = this.#kinds.find(({ name }) => name === acted?.kind);
    const trusted = !(acted?.rule === "learnt" && kind && fellBehind(day, kind, acted, calls, decideEvery));
    this.#nightS = this.#elapsedS;
    this.#nights += 1;
    const random = this.#context.random.split(`${NAME} night ${this.#nights}`);
    const settings = { ...ITERATION, rows, trees: { ...TREES, trees } };
    const load = this.#memory.recorded();
    const night = learnOvernight(load, this.#kinds, calls, decideEvery, random, { settings, trusted, calendar });
    this.#choose(night.choice);
  }

  policy(): Policy {
    const { environment, seed, space, initial, limits } = this.#context;
    const spec = sealPolicySpec({
      format: "trimtab-policy",
      version: 1,
      kind: NAME,
      features: featureNames(this.#choice?.rule === "learnt" && this.#choice.calendar !== null).map((name) => ({
        name,
        unit: "1",
        offset: 0,
        scale: 1,
      })),
      knobs: space.knobs,
      parameters: toJson({ choice: choiceData(this.#choice), holdS: this.#settings.holdS }),
      bounds: { initial, budgetUsdPerHour: limits.usdPerHour ?? null },
      environment,
      seed,
      training: {
        steps: this.#steps,
        episodes: this.#episodes,
        meanReward: this.#steps === 0 ? null : this.#rewardSum / this.#steps,
      },
    });
    return new FleetPolicy(new FleetRule(this.#context, this.#kinds, this.#choice, this.#settings.holdS), spec);
  }

  save(): AgentSnapshot {
    const state = {
      settings: { ...this.#settings },
      memory: this.#memory.save(),
      stream: this.#stream.save(),
      choice: choiceData(this.#choice),
      elapsedS: this.#elapsedS,
      nights: this.#nights,
      nightS: this.#nightS,
      steps: this.#steps,
      episodes: this.#episodes,
      rewardSum: this.#rewardSum,
    };
    return { agent: NAME, version: 1, state: toJson(state) };
  }

  restore(state: z.infer<typeof stateSchema>): void {
    this.#memory.restore(state.memory);
    this.#stream.restore(state.stream);
    this.#elapsedS = state.elapsedS;
    this.#nights = state.nights;
    this.#nightS = state.nightS;
    this.#steps = state.steps;
    this.#episodes = state.episodes;
    this.#rewardSum = state.rewardSum;
    this.#choose(readChoice(state.choice));
  }

  #choose(choice: Choice | null): void {
    this.#choice = choice;
    this.#rule = new FleetRule(this.#context, this.#kinds, choice, this.#settings.holdS);
  }

  /** Takes in a window once. @returns whether the window tells its arrivals */
  #remember({ timeS, metrics }: ClusterState): boolean {
    const { rateRps, recentRatesRps } = metrics.arrivals;
    return this.#take({ timeS, durationS: metrics.durationS, rateRps, recentRatesRps });
  }

  #take(window: ArrivalRecord): boolean {
    const told = !this.#memory.missing(window);
    const before = this.#memory.slotsSeen;
    if (!this.#memory.isNew(window)) return told;
    this.#elapsedS += window.durationS;
    this.#memory.add(window);
    pushSlots(this.#memory, this.#memory.slotsSeen - before, this.#stream);
    return told;
  }
}

function choiceData(choice: Choice | null): unknown {
  if (choice === null || choice.rule !== "learnt") return choice;
  return {
    ...choice,
    rules: { up: choice.rules.up.toJSON(), keep: choice.rules.keep.toJSON() },
    calendar: choice.calendar?.save() ?? null,
  };
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CheckpointError(`${what}.${issue?.path.join(".")}: ${issue?.message}`);
}

/** @throws {CheckpointError} where data does not fit together */
function fitting<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** What a spec of this kind holds. @throws {CheckpointError} when it is of another kind or fleet, or damaged */
function readSpec(context: AgentContext, spec: PolicySpec) {
  if (spec.kind !== NAME) throw new CheckpointError(`policy kind: expected ${NAME}, found ${spec.kind}`);
  const { choice, holdS } = checked(parametersSchema, spec.parameters, "policy parameters");
  checkPolicySeal(spec);
  return fitting(`policy of ${NAME}`, () => {
    const kinds = fleetKinds(context);
    if (choice !== null && !kinds.some((kind) => kind.name === choice.kind)) {
      throw new CheckpointError(
        `policy parameters.choice.kind: expected one of ${kinds.map((kind) => kind.name).join(", ") || "none"}, found ${choice.kind}`,
      );
    }
    return { kinds, choice: readChoice(choice), holdS };
  });
}

function withSettings(settings: Settings): AgentFactory {
  return {
    name: NAME,
    summary: "layered optimal switching: when to launch and drop machines, learnt nightly from the fleet's own past",
    create: (context) => new RegionFleet(context, settings),
    restore(context, snapshot) {
      if (snapshot.agent !== NAME || snapshot.version !== 1) {
        throw new CheckpointError(
          `snapshot: expected ${NAME} version 1, found ${snapshot.agent} version ${snapshot.version}`,
        );
      }
      const state = checked(stateSchema, snapshot.state, "snapshot state");
      return fitting(`snapshot of ${NAME}`, () => {
        const agent = new RegionFleet(context, readSettings(NAME, settingsSchema, state.settings));
        agent.restore(state);
        return agent;
      });
    },
    load: (context, spec) => {
      const { kinds, choice, holdS } = readSpec(context, spec);
      return new FleetPolicy(new FleetRule(context, kinds, choice, holdS), spec);
    },
    portable: (context, spec) => {
      const { kinds, choice } = readSpec(context, spec);
      return portableFleet(context, kinds, choice);
    },
  };
}

/** The fleet agent. */
export const regionFleet: ConfigurableAgent = {
  ...withSettings(readSettings(NAME, settingsSchema, {})),
  configured: (settings) => withSettings(readSettings(NAME, settingsSchema, settings)),
};
