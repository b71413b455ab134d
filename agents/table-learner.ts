// What every tabular learner shares: context, bootstrapped targets, exploration schedule, snapshots; only the choice differs.
//
// target = r + γ·max_b Q(level', b), bootstrapped through truncation: a tuning task never ends.
// ε = max(floor, n^(-1/3)), n samples in this level: the rate that balances exploring against exploiting when nothing is
// known of the gaps (A. Slivkins, "Introduction to Multi-Armed Bandits", 2019, section 1.2.2; constants left out).

import { z } from "zod";
import type {
  Agent,
  AgentContext,
  AgentSnapshot,
  ClusterState,
  Json,
  Policy,
  Proposal,
  Random,
  Transition,
} from "../src/core/index.ts";
import { learnerEntry, SNAPSHOT_VERSION } from "./learner-entry.ts";
import { choiceFor, levelPolicy, loadLevelPolicy, portableLevels } from "./level-policy.ts";
import { loadLevel } from "./load-level.ts";
import { type Move, Moves } from "./moves.ts";
import type { ConfigurableAgent } from "./settings.ts";
import { TrainingTally, tallyShape } from "./training-tally.ts";
import { type LevelValues, type MeasuredValue, ValueTable, valueTableSchema } from "./value-table.ts";

/** Settings every tabular learner takes. */
export const tableSettings = {
  /** Share of exploring steps never gone below. */
  epsilon: z.number().min(0).max(1).default(0.05),
  /** Weight of the future; null for 0.5 where instances are launched, whose effect lasts, and 0 elsewhere. */
  discount: z.number().min(0).lt(1).nullable().default(null),
  /** Samples of a configuration after which its average moves. */
  memory: z.number().int().positive().default(50),
  /** Largest step along a knob in a lattice too large to list. */
  maxStep: z.number().int().positive().default(2),
};

/** The settings of `tableSettings`, read. */
export interface TableSettings {
  readonly epsilon: number;
  readonly discount: number | null;
  readonly memory: number;
  readonly maxStep: number;
}

/** A choice among the open moves, and why. */
export interface Choice {
  readonly move: Move;
  readonly reason: string;
}

/** What a tabular learner adds: how it explores and how it chooses. */
export interface TableRule {
  /** What to try when exploring. @param random a stream of this step alone */
  explore(open: readonly Move[], values: LevelValues, level: number, random: Random): Choice;
  /** The greedy choice; undefined where nothing is known. */
  exploit(open: readonly Move[], values: LevelValues, level: number, random: Random): Choice | undefined;
  /** Called after each sample. */
  learned(level: number, values: LevelValues, entry: MeasuredValue, first: boolean): void;
  save(): Json;
  restore(state: unknown): void;
}

const stateSchema = z.object({
  settings: z.record(z.string(), z.unknown()),
  ...tallyShape,
  decisions: z.number().int().nonnegative(),
  values: valueTableSchema,
  rule: z.unknown(),
});

class TableLearner implements Agent {
  readonly #name: string;
  readonly #context: AgentContext;
  readonly #settings: TableSettings;
  readonly #rule: TableRule;
  readonly #moves: Moves;
  readonly #values: ValueTable;
  readonly #discount: number;
  readonly #tally = new TrainingTally();
  #decisions = 0;

  constructor(name: string, context: AgentContext, settings: TableSettings, rule: TableRule) {
    this.#name = name;
    this.#context = context;
    this.#settings = settings;
    this.#rule = rule;
    this.#moves = new Moves(context.space, settings.maxStep);
    this.#values = new ValueTable(context.space, settings.memory);
    const lasting = context.space.knobs.some((knob) => knob.actuation === "provision");
    this.#discount = settings.discount ?? (lasting ? 0.5 : 0);
  }

  act(observation: ClusterState): Proposal {
    const level = loadLevel(observation);
    const values = this.#values.at(level);
    const random = this.#context.random.split(`${this.#name} ${this.#decisions++}`);
    const open = this.#moves.open(observation);
    const epsilon = Math.max(this.#settings.epsilon, (values.samples + 1) ** (-1 / 3));
    const choice =
      values.samples > 0 && random.next() < epsilon
        ? this.#rule.explore(open, values, level, random)
        : this.#rule.exploit(open, values, level, random);
    if (choice !== undefined) return { configuration: choice.move.configuration, reason: choice.reason };
    const known = choiceFor(this.#values.choices(), level);
    return known === undefined
      ? { configuration: this.#context.space.nearest(observation.configuration), reason: "first sample: as it runs" }
      : { configuration: known, reason: `nothing measured at load level ${level}: the best of the nearest level` };
  }

  update(transition: Transition): void {
    const { observation, next, reward, applied } = transition;
    this.#tally.add(transition);
    if (transition.aborted || !this.#context.space.contains(applied)) return;
    const level = loadLevel(observation);
    const future = this.#discount === 0 ? 0 : (this.#values.at(loadLevel(next)).best()?.value ?? 0);
    const target = reward + this.#discount * future;
    const { entry, first } = this.#values.learn(level, applied, target);
    this.#rule.learned(level, this.#values.at(level), entry, first);
  }

  policy(): Policy {
    return levelPolicy(this.#name, this.#context, this.#values.choices(), this.#tally.summary());
  }

  save(): AgentSnapshot {
    const state = {
      settings: { ...this.#settings },
      ...this.#tally.save(),
      decisions: this.#decisions,
      values: this.#values.save(),
      rule: this.#rule.save(),
    };
    return { agent: this.#name, version: SNAPSHOT_VERSION, state };
  }

  restore(state: z.infer<typeof stateSchema>): void {
    this.#tally.restore(state);
    this.#decisions = state.decisions;
    this.#values.restore(state.values);
    this.#rule.restore(state.rule);
  }
}

/** The registry entry of a tabular learner. */
export function tableAgent<S extends TableSettings>(
  name: string,
  summary: string,
  schema: z.ZodType<S>,
  rule: (settings: S, context: AgentContext) => TableRule,
): ConfigurableAgent {
  return learnerEntry({
    name,
    summary,
    settings: schema,
    state: stateSchema,
    make: (context, settings) => new TableLearner(name, context, settings, rule(settings, context)),
    load: (context, spec) => loadLevelPolicy(name, context, spec),
    portable: (context, spec) => portableLevels(name, context, spec),
  });
}

/** One of the moves, uniformly. @throws {RangeError} when there is none */
export function anyMove(moves: readonly Move[], random: Random): Move {
  const move = moves[Math.floor(random.next() * moves.length)];
  if (move === undefined) throw new RangeError("moves: expected at least one, found none");
  return move;
}
