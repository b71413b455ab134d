// The decision table of a policy: per knob a tree of "input below threshold" questions, and the rows it amounts to.
//
// exact      a policy of load levels is a table already: thresholds are the bounds of its levels
// distilled  any other policy is learnt from what it does: one regression tree a knob on the positions it chose
// Source: L. Breiman et al., "Classification and Regression Trees", 1984 (ml-cart); distilling a policy into a tree:
//   O. Bastani et al., "Verifiable Reinforcement Learning via Policy Extraction", NeurIPS 2018.
// Differs: the policy's own observations only, no rounds of asking the teacher again.

import type { CartNode } from "ml-cart";
import {
  type ClusterState,
  type Configuration,
  ExportError,
  type ExportSource,
  type Knob,
  type KnobValue,
  type LevelsForm,
} from "../core/index.ts";
import { settledRate, type TableInput, tableInputs } from "./table-inputs.ts";

/** A question, or a position on the knob. */
export type TableNode =
  | { readonly position: number }
  | { readonly input: string; readonly threshold: number; readonly below: TableNode; readonly above: TableNode };

/** How one knob is set. */
export interface KnobTable {
  readonly knob: Knob;
  readonly tree: TableNode;
}

/** A policy as questions about a few numbers. */
export interface DecisionTable {
  readonly inputs: readonly TableInput[];
  readonly knobs: readonly KnobTable[];
  /** Whether it is the policy itself. */
  readonly exact: boolean;
}

/** A row: the half-open interval of each input it is about, and what then. */
export interface TableRow {
  readonly when: Readonly<Record<string, readonly [number | null, number | null]>>;
  readonly position: number;
  readonly value: KnobValue;
}

/** Observations a tree is grown from at most; growing takes time in their square. */
const GROWN_FROM = 300;

const TREE = { minNumSamples: 3, maxDepth: 8, gainThreshold: 1e-6 };

/** A balanced tree over ascending thresholds. @param positions one more than thresholds */
function balanced(input: string, thresholds: readonly number[], positions: readonly number[]): TableNode {
  if (thresholds.length === 0) return { position: positions[0] ?? 0 };
  const middle = thresholds.length >> 1;
  return {
    input,
    threshold: thresholds[middle] ?? 0,
    below: balanced(input, thresholds.slice(0, middle), positions.slice(0, middle + 1)),
    above: balanced(input, thresholds.slice(middle + 1), positions.slice(middle + 1)),
  };
}

function levelTree(form: LevelsForm, source: ExportSource, k: number): TableNode {
  if (form.rows.length === 0) return { position: source.lattice.coordinates(form.initial)[k] ?? 0 };
  const thresholds: number[] = [];
  const positions: number[] = [];
  form.rows.forEach((row, r) => {
    const position = row.positions[k] ?? 0;
    const before = form.rows[r - 1];
    if (before !== undefined && position === positions.at(-1)) return;
    if (before !== undefined) thresholds.push(form.loadLevel.ratio ** (before.level + 1));
    positions.push(position);
  });
  return balanced(settledRate.name, thresholds, positions);
}

/** The grown tree with whole positions; questions that change nothing are left out. */
function pruned(node: CartNode, inputs: readonly TableInput[], most: number): TableNode {
  const { left, right, splitColumn, splitValue, distribution } = node;
  if (left === undefined || right === undefined || splitColumn === undefined || splitValue === undefined) {
    return { position: Math.min(most, Math.max(0, Math.round(distribution ?? 0))) };
  }
  const below = pruned(left, inputs, most);
  const above = pruned(right, inputs, most);
  if ("position" in below && "position" in above && below.position === above.position) return below;
  return { input: inputs[splitColumn]?.name ?? "", threshold: splitValue, below, above };
}

async function distilled(source: ExportSource, inputs: readonly TableInput[]): Promise<DecisionTable> {
  const { lattice, act } = source;
  const observations = await source.observations();
  const step = Math.max(1, Math.ceil(observations.length / GROWN_FROM));
  const seen = observations.filter((_, i) => i % step === 0);
  if (seen.length === 0) throw new ExportError("table: expected observations to learn the policy from, found none");
  const rows = seen.map((observation) => inputs.map(({ read }) => read(observation)));
  const chosen = seen.map((observation) => lattice.coordinates(act(observation)));
  const { DecisionTreeRegression } = await import("ml-cart");
  const knobs = lattice.knobs.map((knob, k) => {
    const targets = chosen.map((positions) => positions[k] ?? 0);
    const [first = 0] = targets;
    if (targets.every((target) => target === first)) return { knob, tree: { position: first } };
    const regression = new DecisionTreeRegression(TREE);
    regression.train(rows, targets);
    return { knob, tree: pruned(regression.toJSON().root, inputs, knob.values.length - 1) };
  });
  return { inputs, knobs, exact: false };
}

/** The form of a policy of load levels; null for any other. */
export function levelsOf(source: ExportSource): LevelsForm | null {
  try {
    const portable = source.portable();
    return portable.form === "levels" ? portable : null;
  } catch (error) {
    if (error instanceof ExportError) return null;
    throw error;
  }
}

/** Tables by source: several formats are made of the same one, and growing it takes seconds. */
const known = new WeakMap<ExportSource, Map<boolean, Promise<DecisionTable>>>();

/** The decision table of a policy. @param rateOnly whether it may ask for the arrival rate alone */
export function decisionTable(source: ExportSource, rateOnly = false): Promise<DecisionTable> {
  const tables = known.get(source) ?? new Map<boolean, Promise<DecisionTable>>();
  known.set(source, tables);
  const table = tables.get(rateOnly) ?? makeTable(source, rateOnly);
  tables.set(rateOnly, table);
  return table;
}

async function makeTable(source: ExportSource, rateOnly: boolean): Promise<DecisionTable> {
  const form = levelsOf(source);
  if (form === null) return distilled(source, rateOnly ? [settledRate] : tableInputs(source.lattice));
  const knobs = source.lattice.knobs.map((knob, k) => ({ knob, tree: levelTree(form, source, k) }));
  return { inputs: [settledRate], knobs, exact: true };
}

/** The rows of a tree, in its order. */
export function rowsOf({ knob, tree }: KnobTable): TableRow[] {
  const walk = (node: TableNode, when: TableRow["when"]): TableRow[] => {
    if ("position" in node) return [{ when, position: node.position, value: knob.values[node.position] ?? 0 }];
    const [low, high] = when[node.input] ?? [null, null];
    return [
      ...walk(node.below, { ...when, [node.input]: [low, node.threshold] }),
      ...walk(node.above, { ...when, [node.input]: [node.threshold, high] }),
    ];
  };
  return walk(tree, {});
}

/** A table of one input as a step function: `values[i]` from `thresholds[i - 1]` on. */
export interface Steps {
  readonly thresholds: readonly number[];
  /** One more than thresholds. */
  readonly positions: readonly number[];
}

/** The steps of a tree that asks for one input alone. */
export function stepsOf(table: KnobTable): Steps {
  const rows = rowsOf(table);
  const thresholds = rows.flatMap(({ when }) => Object.values(when).flatMap(([low]) => (low === null ? [] : [low])));
  return { thresholds, positions: rows.map(({ position }) => position) };
}

/** The numbers a table asks of an observation, by name. */
export function inputsOf(inputs: readonly TableInput[], observation: ClusterState): Record<string, number> {
  return Object.fromEntries(inputs.map(({ name, read }) => [name, read(observation)]));
}

/** Whether a row is about these numbers. */
export function applies(when: TableRow["when"], numbers: Readonly<Record<string, number>>): boolean {
  return Object.entries(when).every(([name, [low, high]]) => {
    const number = numbers[name] ?? Number.NaN;
    return number >= (low ?? Number.NEGATIVE_INFINITY) && number < (high ?? Number.POSITIVE_INFINITY);
  });
}

/** A tree as an expression of nested conditionals, `a < b ? x : y`. */
export function conditional(
  node: TableNode,
  leaf: (position: number) => string,
  input: (name: string) => string,
): string {
  if ("position" in node) return leaf(node.position);
  const below = conditional(node.below, leaf, input);
  const above = conditional(node.above, leaf, input);
  return `(${input(node.input)} < ${decimal(node.threshold)} ? ${below} : ${above})`;
}

/** A number that every expression language reads as a floating-point one. */
export function decimal(value: number): string {
  const text = value.toString();
  if (/e/i.test(text)) return text.includes(".") ? text : text.replace(/e/i, ".0e");
  return text.includes(".") ? text : `${text}.0`;
}

/** The knobs of a configuration a record of values by knob name holds; text "Infinity" is the number. */
export function valuesOf(record: Readonly<Record<string, unknown>>): Configuration {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => {
      const read = typeof value === "bigint" ? Number(value) : value;
      if (read === "Infinity") return [name, Number.POSITIVE_INFINITY];
      if (typeof read === "number" || typeof read === "string") return [name, read];
      throw new ExportError(`${name}: expected a number or a name, found ${typeof value}`);
    }),
  );
}
