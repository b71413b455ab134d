// Region-fleet: launches and drops machines by layered optimal switching, learnt every night from the fleet's own past.
//
// every window: remember its arrivals, measure machines, functions and markets (fleet-beliefs.ts)
// every hour:   what fell behind plain mixed gives way to it; far behind, the past before is learnt from no more
//               (fleet-watch.ts)
//               beliefs that strayed from what was measured are mended by a night at once
// at once:      host settings under which slow batches were seen to be late give way to shorter ones
// every 24 h:   learn, replay, simulate, and stand where it costs least (fleet-night.ts); the first time two
//               launch delays early, so that what it launches is up when the second day begins
// until the first night: mixed with hold 120 s on the cheapest kind of machine
// Source: our own (design section 7.1; fleet-switching.md).
// Differs: one kind of machine at a time, since one batch knob serves all; no deferral.

import { z } from "zod";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
  type ArrivalRecord,
  CheckpointError,
  type ClusterState,
  type Policy,
  type Proposal,
  type Transition,
} from "../src/core/index.ts";
import { meanDurationS } from "../src/math/index.ts";
import { toJson } from "../src/spaces/index.ts";
import { type Choice, choiceText, ITERATION, SLOT_S, TREES } from "../src/switching/index.ts";
import { FleetArrivals } from "./fleet-arrivals.ts";
import { type FleetBeliefs, FleetExperience, NO_BELIEFS, strayed } from "./fleet-beliefs.ts";
import { checked, choiceData, type FleetState, fitting, readChoice, stateSchema } from "./fleet-json.ts";
import { callBehaviour, fleetKinds, type KindOfMachine, keepsTime, modelledCallUsd } from "./fleet-kinds.ts";
import { type FleetPoint, faded, type SeenResidual } from "./fleet-lattice.ts";
import { workOvernight } from "./fleet-night.ts";
import { FleetPolicy, fleetPolicy, readSpec } from "./fleet-policy.ts";
import { FleetRule } from "./fleet-rule.ts";
import { FleetStanding } from "./fleet-standing.ts";
import { fellBehind, JUDGED_EVERY_S, type LookBack, measuredResidual, mixedOn, mixedPoint } from "./fleet-watch.ts";
import { portableFleet } from "./portable-fleet.ts";
import { type ConfigurableAgent, readSettings } from "./settings.ts";
import { TrainingTally } from "./training-tally.ts";

const NAME = "region-fleet";

const settingsSchema = z.strictObject({
  /** Days of arrivals remembered and learnt from. */
  historyDays: z.number().positive().max(60).default(7),
  /** Time between nights; the first one, with that history, comes earlier by what launches take. */
  retrainEveryS: z.number().min(3600).default(86_400),
  /** Whether rules may read what other days tell of the time of day. */
  calendar: z.boolean().default(true),
  /** Rows each fit learns from. */
  rows: z.number().int().min(100).max(5_000_000).default(ITERATION.rows),
  trees: z.number().int().min(1).max(1000).default(TREES.trees),
});
type Settings = z.infer<typeof settingsSchema>;

/** Weight of a measured residual, in simulated ones. */
const MEASURED_WEIGHT = 2;

/** How much earlier than a day the first night comes, in launch delays: machines launched then are up when the second begins. */
const EARLY_LAUNCHES = 2;

const BOOTSTRAP = "less than a day of its own history";

class RegionFleet implements Agent {
  readonly #context: AgentContext;
  readonly #settings: Settings;
  readonly #arrivals: FleetArrivals;
  readonly #experience: FleetExperience;
  #beliefs: FleetBeliefs = NO_BELIEFS;
  #kinds: readonly KindOfMachine[];
  readonly #standing: FleetStanding;
  #seen: readonly SeenResidual[] = [];
  #nights = 0;
  #nightS = 0;
  #checkedS = 0;
  readonly #tally = new TrainingTally();

  constructor(context: AgentContext, settings: Settings) {
    this.#context = context;
    this.#settings = settings;
    this.#kinds = fleetKinds(context);
    this.#arrivals = new FleetArrivals(settings.historyDays);
    this.#experience = new FleetExperience(context);
    const choice = this.#kinds[0] === undefined ? null : mixedOn(this.#kinds[0]);
    this.#standing = new FleetStanding(context, this.#kinds, { choice, why: BOOTSTRAP, point: null });
  }

  act(observation: ClusterState): Proposal {
    if (this.#remember(observation)) return this.#standing.rule.propose(observation, this.#arrivals.stream);
    const running = observation.inFlight ?? observation.configuration;
    return { configuration: this.#context.space.nearest(running), reason: "no arrivals told: held as it is" };
  }

  update(transition: Transition): void {
    this.#tally.add(transition);
    this.#remember(transition.next);
    this.#hurry();
  }

  recall(arrivals: Iterable<ArrivalRecord>): void {
    for (const window of arrivals) this.#arrivals.take(window);
  }

  /** The night's work, once a day of cluster time has been seen since the last; hourly a look at the rules that act. */
  planDue(): boolean {
    return this.#kinds.length > 0 && (this.#nightDue() || this.#checkDue());
  }

  plan(): void {
    if (this.#kinds.length === 0) return;
    if (this.#nightDue()) this.#night();
    else if (this.#checkDue()) this.#check();
  }

  policy(): Policy {
    const training = this.#tally.summary();
    const { choice, why } = this.#standing;
    return fleetPolicy(NAME, this.#context, this.#kinds, choice, this.#beliefs, why, training);
  }

  save(): AgentSnapshot {
    const state = {
      settings: { ...this.#settings },
      ...this.#arrivals.save(),
      experience: this.#experience.save(),
      beliefs: this.#beliefs,
      choice: choiceData(this.#standing.choice),
      why: this.#standing.why,
      point: this.#standing.point,
      seen: this.#seen,
      nights: this.#nights,
      nightS: this.#nightS,
      chosenS: this.#standing.sinceS,
      checkedS: this.#checkedS,
      usdSinceChosen: this.#standing.usd,
      ...this.#tally.save(),
    };
    return { agent: NAME, version: 1, state: toJson(state) };
  }

  restore(state: FleetState): void {
    this.#arrivals.restore(state);
    this.#experience.restore(state.experience);
    this.#believe(state.beliefs);
    this.#seen = state.seen;
    this.#nights = state.nights;
    this.#nightS = state.nightS;
    this.#choose(readChoice(state.choice), state.why, state.point);
    this.#standing.sinceS = state.chosenS;
    this.#standing.usd = state.usdSinceChosen;
    this.#checkedS = state.checkedS;
    this.#tally.restore(state);
  }

  #nightDue(): boolean {
    const earlyS = this.#nights > 0 ? 0 : EARLY_LAUNCHES * Math.max(0, ...this.#kinds.map(({ launchS }) => launchS));
    return this.#arrivals.elapsedS - this.#nightS >= this.#settings.retrainEveryS - earlyS;
  }

  #checkDue(): boolean {
    return this.#nights > 0 && this.#arrivals.elapsedS - this.#checkedS >= JUDGED_EVERY_S;
  }

  /** @param because of what it comes before its time; absent for a night that is due */
  #night(because: string | null = null): void {
    const { rows, trees, calendar } = this.#settings;
    this.#seen = [...faded(this.#seen), ...this.#measured()];
    this.#believe(this.#experience.beliefs(modelledCallUsd(this.#context)));
    this.#nightS = this.#arrivals.elapsedS;
    this.#nights += 1;
    if (this.#kinds.length === 0) return;
    const night = workOvernight({
      context: this.#context,
      kinds: this.#kinds,
      calls: callBehaviour(this.#context),
      load: this.#arrivals.learnable(),
      decideEvery: this.#decideEvery(),
      random: this.#context.random.split(`${NAME} night ${this.#nights}`),
      settings: { ...ITERATION, rows, trees: { ...TREES, trees } },
      calendar,
      stands: this.#standing.point,
      seen: this.#seen,
    });
    this.#seen = night.seen;
    const opening = `night ${this.#nights}${because === null ? "" : ` (${because})`}`;
    this.#choose(night.choice, `${opening}, ${choiceText(night.choice)}: ${night.why}`, night.point);
  }

  /** Beliefs that strayed are mended by a night; what fell behind gives way to mixed until the next. */
  #check(): void {
    this.#checkedS = this.#arrivals.elapsedS;
    const off = this.#strayed();
    const learnable = this.#arrivals.learnableS >= this.#settings.retrainEveryS;
    if (off !== null && learnable) {
      this.#night(off);
      return;
    }
    const back = this.#lookBack();
    const behind = back === null ? null : fellBehind(back);
    if (back === null || behind === null) return;
    if (behind.far) this.#arrivals.forgetBefore(this.#standing.sinceS);
    const forgets = behind.far ? "; the past before that is learnt from no more" : "";
    const why = `fell back on mixed, what was learnt cost ${behind.text}${forgets}`;
    this.#choose(mixedOn(back.kind), why, mixedPoint(back.kind));
  }

  /** Host settings that fit what was measured of slow batches, where those that act no longer do. */
  #hurry(): void {
    const { choice, kind, why, point } = this.#standing;
    if (choice === null || kind === null) return;
    const { serviceTail } = this.#experience.beliefs(null);
    const tail = serviceTail[kind.host] ?? 1;
    if (tail <= (this.#beliefs.serviceTail[kind.host] ?? 1) || keepsTime(this.#context, kind, tail)) return;
    const beliefs = { ...this.#beliefs, serviceTail };
    const shorter = fleetKinds(this.#context, beliefs).find(({ name }) => name === kind.name);
    if (shorter === undefined) return;
    this.#believe(beliefs);
    const waitS = Math.min(choice.waitS, shorter.waitS);
    this.#choose({ ...choice, waitS }, `${why}; slow batches take ${tail.toFixed(2)} of the mean`, point);
  }

  #strayed(): string | null {
    const type = this.#context.catalogue.instances.find(({ name }) => name === this.#standing.kind?.host);
    const callUsd = modelledCallUsd(this.#context);
    if (type === undefined || callUsd === null) return null;
    const listed = { launchS: meanDurationS(type.launchS), callUsd };
    return strayed(type.name, this.#beliefs, this.#experience.beliefs(callUsd), listed);
  }

  /** How far the last replay of what acted is off what was measured. */
  #measured(): SeenResidual[] {
    const back = this.#lookBack();
    const { point, usd } = this.#standing;
    const value = back === null ? null : measuredResidual(back, usd);
    return value === null || point === null ? [] : [{ point, value, weight: MEASURED_WEIGHT }];
  }

  #lookBack(): LookBack | null {
    const { choice, kind } = this.#standing;
    if (choice === null || kind === null) return null;
    return {
      memory: this.#arrivals.memory,
      kind,
      choice,
      calls: callBehaviour(this.#context),
      decideEvery: this.#decideEvery(),
      sinceS: this.#arrivals.elapsedS - this.#standing.sinceS,
    };
  }

  #decideEvery(): number {
    return Math.max(1, Math.round(this.#context.intervalS / SLOT_S));
  }

  #believe(beliefs: FleetBeliefs): void {
    this.#beliefs = beliefs;
    this.#kinds = fleetKinds(this.#context, beliefs);
  }

  #choose(choice: Choice | null, why: string, point: FleetPoint | null): void {
    this.#standing.choose(this.#kinds, { choice, why, point }, this.#arrivals.elapsedS);
    this.#checkedS = this.#arrivals.elapsedS;
  }

  /** Takes in a window once. @returns whether the window tells its arrivals */
  #remember(state: ClusterState): boolean {
    const { timeS, metrics } = state;
    const { rateRps, recentRatesRps } = metrics.arrivals;
    const window = { timeS, durationS: metrics.durationS, rateRps, recentRatesRps };
    if (this.#arrivals.memory.isNew(window)) {
      this.#experience.observe(state);
      this.#standing.usd += metrics.costUsd;
    }
    return this.#arrivals.take(window);
  }
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
      const { kinds, choice, why } = readSpec(NAME, context, spec);
      return new FleetPolicy(new FleetRule(context, kinds, choice, why), spec);
    },
    portable: (context, spec) => {
      const { kinds, choice } = readSpec(NAME, context, spec);
      return portableFleet(context, kinds, choice);
    },
  };
}

/** The fleet agent. */
export const regionFleet: ConfigurableAgent = {
  ...withSettings(readSettings(NAME, settingsSchema, {})),
  configured: (settings) => withSettings(readSettings(NAME, settingsSchema, settings)),
};
