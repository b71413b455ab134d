// The rule that runs a fleet until the next night: from an observation and the load's features to a configuration.
//
// learnt: machines wanted by the switching rules;  mixed, static: the optimizers of that name for the chosen kind
// never fewer than are kept in reserve where functions are limited
// they are split over the kind's markets (fleet-machines.ts)
// other kinds of machine go, and the batch follows the new kind, once its ready machines carry the load

import type { AgentContext, ClusterState, Configuration, Proposal } from "../src/core/index.ts";
import { numberAt } from "../src/optimizers/fleet.ts";
import { createOptimizer, tuningProblem } from "../src/optimizers/index.ts";
import {
  type CallBehaviour,
  type Choice,
  emptyRow,
  type FeatureStream,
  machinesWanted,
  reservedCount,
  writeMoment,
} from "../src/switching/index.ts";
import { callBehaviour, type KindOfMachine, settingsOf } from "./fleet-kinds.ts";
import { askFor, type Present, presentOf } from "./fleet-machines.ts";

/** Host knobs that must suit every machine that runs. */
const SHARED_SETTINGS = ["maxBatchSize", "maxBatchDelayMs"];

/** A fleet of one kind of machine under a rule. */
export class FleetRule {
  readonly #context: AgentContext;
  readonly #choice: Choice | null;
  readonly #kind: KindOfMachine | null;
  readonly #others: readonly string[];
  readonly #row: Float64Array;
  readonly #calls: CallBehaviour;
  readonly #why: string;

  /** @param choice null for leaving the fleet to `mixed` @param why opens every reason */
  constructor(context: AgentContext, kinds: readonly KindOfMachine[], choice: Choice | null, why: string) {
    const kind = kinds.find(({ name }) => name === choice?.kind) ?? null;
    this.#context = context;
    this.#calls = callBehaviour(context);
    this.#choice = choice;
    this.#kind = kind;
    this.#why = why;
    this.#row = emptyRow(choice?.rule === "learnt" && choice.calendar !== null);
    this.#others = context.space.knobs
      .map((knob) => knob.name)
      .filter((name) => name.startsWith("instances.") && name !== kind?.knob && name !== kind?.fallbackKnob);
  }

  /** @param stream features of the load up to the observation */
  propose(observation: ClusterState, stream: FeatureStream): Proposal {
    const choice = this.#choice;
    const kind = this.#kind;
    const current = observation.inFlight ?? observation.configuration;
    if (choice === null || kind === null) {
      const { configuration, explanation } = this.#solve("mixed:holdS=120", observation);
      return { configuration, reason: `${this.#why}: ${explanation}` };
    }
    const present = presentOf(observation, current, kind);
    const running = present.ready + present.booting;
    const counted = this.#count(choice, kind, observation, stream, present);
    const reserved = reservedCount(choice, kind, stream.halfHourRps, this.#calls);
    const wanted = Math.max(counted.wanted, reserved);
    const how = reserved > counted.wanted ? `${reserved} in reserve, as functions are limited` : counted.how;
    const configuration = this.#of(current, kind, choice, wanted, present, stream.referenceRps);
    const change =
      wanted > running ? `${wanted - running} more` : wanted < running ? `${running - wanted} fewer` : "as many";
    return { configuration, reason: `${this.#why}: ${how}: ${change} than ${running} ${kind.host}` };
  }

  /** Machines of the kind wanted, and by what. */
  #count(
    choice: Choice,
    kind: KindOfMachine,
    observation: ClusterState,
    stream: FeatureStream,
    present: Present,
  ): { readonly wanted: number; readonly how: string } {
    if (choice.rule === "static") return { wanted: choice.count, how: "a fixed count" };
    if (choice.rule === "mixed") {
      const text = `mixed:holdS=${choice.holdS},type=${kind.host},spot=${kind.market === "spot"}`;
      const posed = { ...observation, configuration: this.#settled(observation, kind, choice), inFlight: null };
      const { configuration, explanation } = this.#solve(text, posed);
      return { wanted: numberAt(configuration, kind.knob, 0), how: explanation };
    }
    writeMoment(this.#row, 0, stream, choice.calendar, observation.timeS);
    const ruled = { capacityRps: kind.capacityRps, rules: choice.rules, most: kind.most };
    const wanted = machinesWanted(ruled, present, this.#row, stream.referenceRps, choice.margin);
    return { wanted, how: "learnt switching" };
  }

  /** What runs, with all machines of the kind counted by its own knob and under its settings. */
  #settled(observation: ClusterState, kind: KindOfMachine, choice: Choice): Configuration {
    const current = observation.inFlight ?? observation.configuration;
    const { fallbackKnob } = kind;
    const all = numberAt(current, kind.knob, 0) + (fallbackKnob === null ? 0 : numberAt(current, fallbackKnob, 0));
    const counted = fallbackKnob === null ? {} : { [kind.knob]: all, [fallbackKnob]: 0 };
    return this.#context.space.nearest({ ...current, ...counted, ...settingsOf(kind, choice) });
  }

  /** The count of the kind with its settings; other kinds stay until its ready machines carry the load. */
  #of(
    current: Configuration,
    kind: KindOfMachine,
    choice: Choice,
    wanted: number,
    present: Present,
    rateRps: number,
  ): Configuration {
    const alone = this.#others.every((knob) => numberAt(current, knob, 0) === 0);
    const carries = present.ready >= Math.min(wanted, Math.ceil(rateRps / kind.capacityRps));
    const settings = settingsOf(kind, choice);
    const next = { ...current, ...askFor(kind, wanted, choice.spotShare, current, present) };
    if (!alone && !carries) {
      const free = Object.entries(settings).filter(([knob]) => !SHARED_SETTINGS.includes(knob));
      return this.#context.space.nearest({ ...next, ...Object.fromEntries(free) });
    }
    const released = Object.fromEntries(this.#others.map((knob) => [knob, 0]));
    return this.#context.space.nearest({ ...next, ...released, ...settings });
  }

  #solve(
    text: string,
    observation: ClusterState,
  ): { readonly configuration: Configuration; readonly explanation: string } {
    return createOptimizer(text).solve(tuningProblem(this.#context, observation));
  }
}
