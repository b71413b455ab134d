// The rule that runs a fleet until the next night: from an observation and the load's features to a configuration.
//
// learnt: machines wanted by the switching rules;  mixed, static: the optimizers of that name for the chosen kind
// other kinds of machine go, and the batch follows the new kind, once its ready machines carry the load

import type { AgentContext, ClusterState, Configuration, Proposal } from "../src/core/index.ts";
import { createOptimizer, tuningProblem } from "../src/optimizers/index.ts";
import { type Choice, emptyRow, type FeatureStream, machinesWanted, writeMoment } from "../src/switching/index.ts";
import type { KindOfMachine } from "./fleet-kinds.ts";

function countIn(configuration: Configuration, knob: string): number {
  const value = configuration[knob];
  return typeof value === "number" ? value : 0;
}

/** Ready machines of a kind, of those asked for. */
function readyOf(observation: ClusterState, kind: KindOfMachine, wanted: number): number {
  const fleet = observation.fleet[kind.host];
  if (fleet === undefined) return wanted;
  const spot = Math.min(fleet.spot, fleet.ready);
  return Math.min(wanted, kind.market === "spot" ? spot : fleet.ready - spot);
}

const SETTINGS = ["maxBatchSize", "maxBatchDelayMs"];

/** A fleet of one kind of machine under a rule. */
export class FleetRule {
  readonly choice: Choice | null;
  readonly #context: AgentContext;
  readonly #kind: KindOfMachine | null;
  readonly #others: readonly string[];
  readonly #row: Float64Array;
  readonly #why: string;

  /** @param choice null for mixed with the cheapest kind @param holdS of that rule */
  constructor(context: AgentContext, kinds: readonly KindOfMachine[], choice: Choice | null, holdS: number) {
    this.#context = context;
    this.choice = choice ?? (kinds[0] === undefined ? null : { kind: kinds[0].name, rule: "mixed", holdS });
    this.#kind = kinds.find((kind) => kind.name === this.choice?.kind) ?? null;
    this.#row = emptyRow(this.choice?.rule === "learnt" && this.choice.calendar !== null);
    this.#why = choice === null ? "less than a day of its own history" : `the night chose ${choice.rule}`;
    this.#others = context.space.knobs
      .map((knob) => knob.name)
      .filter((name) => name.startsWith("instances.") && name !== this.#kind?.knob);
  }

  /** @param stream features of the load up to the observation */
  propose(observation: ClusterState, stream: FeatureStream): Proposal {
    const { choice } = this;
    const kind = this.#kind;
    if (choice === null || kind === null) return this.#optimized("mixed:holdS=120", observation, null);
    if (choice.rule === "mixed") {
      const spot = kind.market === "spot";
      return this.#optimized(`mixed:holdS=${choice.holdS},type=${kind.host},spot=${spot}`, observation, kind);
    }
    const current = observation.inFlight ?? observation.configuration;
    const running = countIn(current, kind.knob);
    const ready = readyOf(observation, kind, running);
    if (choice.rule === "static") {
      const configuration = this.#of(current, kind, choice.count, ready, stream.referenceRps);
      return { configuration, reason: `${this.#why}: ${choice.count} ${kind.host} for ever` };
    }
    writeMoment(this.#row, 0, stream, choice.calendar, observation.timeS);
    const ruled = { capacityRps: kind.capacityRps, rules: choice.rules, most: kind.most };
    const count = { ready, booting: running - ready };
    const wanted = machinesWanted(ruled, count, this.#row, stream.referenceRps, choice.margin);
    const configuration = this.#of(current, kind, wanted, ready, stream.referenceRps);
    const change =
      wanted > running ? `launches ${wanted - running}` : wanted < running ? `drops ${running - wanted}` : "holds";
    return { configuration, reason: `learnt switching ${change} of ${running} ${kind.host}` };
  }

  /** The count of the kind with its settings; other kinds stay until its ready machines carry the load. */
  #of(current: Configuration, kind: KindOfMachine, count: number, ready: number, rateRps: number): Configuration {
    const alone = this.#others.every((knob) => countIn(current, knob) === 0);
    const carries = ready >= Math.min(count, Math.ceil(rateRps / kind.capacityRps));
    const next = { ...current, [kind.knob]: count };
    if (!alone && !carries) return this.#context.space.nearest(next);
    const released = Object.fromEntries(this.#others.map((knob) => [knob, 0]));
    return this.#context.space.nearest({ ...next, ...released, ...kind.settings });
  }

  /** An optimizer's answer for a fleet of the kind, as if it already had the kind's settings. */
  #optimized(text: string, observation: ClusterState, kind: KindOfMachine | null): Proposal {
    const current = observation.inFlight ?? observation.configuration;
    const posed = { ...observation, configuration: { ...current, ...kind?.settings }, inFlight: null };
    const solution = createOptimizer(text).solve(tuningProblem(this.#context, kind === null ? observation : posed));
    const mixture = this.#others.some((knob) => countIn(solution.configuration, knob) > 0);
    const kept =
      kind !== null && mixture ? SETTINGS.flatMap((knob) => (knob in current ? [[knob, current[knob]]] : [])) : [];
    const configuration =
      kept.length === 0 ? solution.configuration : { ...solution.configuration, ...Object.fromEntries(kept) };
    return { configuration, reason: `${this.#why}: ${solution.explanation}` };
  }
}
