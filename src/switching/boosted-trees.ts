// Gradient-boosted oblivious trees: every node of a level asks the same question, so a tree is five questions and a table.
//
// F_0 = mean(y);  F_t(x) = F_{t-1}(x) + η · w_t[leaf_t(x)],   w_t[j] = Σ_{i in j} (y_i - F_{t-1}(x_i)) / (n_j + λ)
// a level's question (feature, edge) maximises  Σ over the halves of every leaf  S² / (n + λ),  S the sum of residuals
// Source: J. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29, 2001;
//   oblivious trees: A. Dorogush et al., "CatBoost", 2018; shrunk leaves: T. Chen, C. Guestrin, "XGBoost", KDD 2016, eq. 5.
// Differs: squared loss only; histograms of equal-count bins; a fresh sample of rows for every tree, whose leaf values come
//   from the same sample.

import type { Random } from "../core/index.ts";
import { type BinnedFeature, binFeature } from "./binning.ts";

/** How trees are grown. */
export interface TreeSettings {
  readonly trees: number;
  readonly depth: number;
  readonly learningRate: number;
  /** At most 256. */
  readonly bins: number;
  /** Share of the rows each tree sees, in (0, 1]. */
  readonly rowShare: number;
  /** Rows of value 0 that every leaf is thought to hold beside its own. */
  readonly leafShrink: number;
}

/** The setting of fleet-switching.md. */
export const TREES: TreeSettings = {
  trees: 60,
  depth: 5,
  learningRate: 0.15,
  bins: 48,
  rowShare: 0.35,
  leafShrink: 75,
};

/** A fitted ensemble as plain data. */
export interface TreeData {
  readonly depth: number;
  readonly base: number;
  /** Shape [trees × depth]. */
  readonly features: readonly number[];
  /** Shape [trees × depth]; the question is whether the feature exceeds it. */
  readonly thresholds: readonly number[];
  /** Learning rate included; shape [trees × 2^depth]. */
  readonly leaves: readonly number[];
}

/** First index whose value exceeds `limit`; values ascend. */
function firstAbove(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** An ensemble that answers. */
export class BoostedTrees {
  readonly #depth: number;
  readonly #base: number;
  readonly #features: Int32Array;
  readonly #thresholds: Float64Array;
  readonly #leaves: Float64Array;
  #asked: { readonly feature: number; readonly questions: Int32Array } | null = null;

  /** @throws {RangeError} when the lists do not fit the depth */
  constructor(data: TreeData) {
    this.#depth = data.depth;
    this.#base = data.base;
    this.#features = Int32Array.from(data.features);
    this.#thresholds = Float64Array.from(data.thresholds);
    this.#leaves = Float64Array.from(data.leaves);
    const trees = this.#features.length / data.depth;
    if (this.#thresholds.length !== this.#features.length || this.#leaves.length !== trees * 2 ** data.depth) {
      throw new RangeError(
        `trees: expected ${this.#features.length} thresholds and ${trees * 2 ** data.depth} leaves, found ${this.#thresholds.length} and ${this.#leaves.length}`,
      );
    }
  }

  /** @param rows row-major features @param offset where the row begins */
  predict(rows: Float64Array, offset = 0): number {
    const depth = this.#depth;
    const features = this.#features;
    const thresholds = this.#thresholds;
    const leaves = this.#leaves;
    let sum = this.#base;
    for (let at = 0, table = 0; at < features.length; table += 1 << depth) {
      let leaf = 0;
      for (const end = at + depth; at < end; at++) {
        const value = rows[offset + (features[at] ?? 0)] ?? 0;
        leaf = 2 * leaf + (value > (thresholds[at] ?? 0) ? 1 : 0);
      }
      sum += leaves[table + leaf] ?? 0;
    }
    return sum;
  }

  /**
   * Answers for one row at each of many values of one feature: every tree is a staircase along it, and the steps are added up.
   * @param feature left out of the row @param values of it, ascending @param into shape [values]
   */
  predictAlong(rows: Float64Array, offset: number, feature: number, values: Float64Array, into: Float64Array): void {
    const depth = this.#depth;
    const steps = this.#questionsAbout(feature);
    into.fill(0);
    into[0] = this.#base;
    const trees = this.#features.length / depth;
    for (let tree = 0, step = 0; tree < trees; tree++) {
      const at = tree * depth;
      let leaf = 0;
      for (let i = at; i < at + depth; i++) {
        const asked = this.#features[i] ?? 0;
        const exceeds = asked !== feature && (rows[offset + asked] ?? 0) > (this.#thresholds[i] ?? 0);
        leaf = 2 * leaf + (exceeds ? 1 : 0);
      }
      let value = this.#leaves[(tree << depth) + leaf] ?? 0;
      into[0] = (into[0] ?? 0) + value;
      for (; (steps[step] ?? -1) >= at && (steps[step] ?? 0) < at + depth; step++) {
        const question = steps[step] ?? 0;
        leaf += 1 << (depth - 1 - (question - at));
        const next = this.#leaves[(tree << depth) + leaf] ?? 0;
        const from = firstAbove(values, this.#thresholds[question] ?? 0);
        if (from < into.length) into[from] = (into[from] ?? 0) + next - value;
        value = next;
      }
    }
    for (let i = 1; i < into.length; i++) into[i] = (into[i] ?? 0) + (into[i - 1] ?? 0);
  }

  /** Positions of the questions about a feature, tree after tree, in each by ascending threshold. */
  #questionsAbout(feature: number): Int32Array {
    if (this.#asked?.feature === feature) return this.#asked.questions;
    const all = Array.from(this.#features, (_, i) => i).filter((i) => this.#features[i] === feature);
    const treeOf = (i: number): number => Math.floor(i / this.#depth);
    all.sort((a, b) => treeOf(a) - treeOf(b) || (this.#thresholds[a] ?? 0) - (this.#thresholds[b] ?? 0));
    this.#asked = { feature, questions: Int32Array.from(all) };
    return this.#asked.questions;
  }

  toJSON(): TreeData {
    return {
      depth: this.#depth,
      base: this.#base,
      features: Array.from(this.#features),
      thresholds: Array.from(this.#thresholds),
      leaves: Array.from(this.#leaves),
    };
  }
}

interface Question {
  readonly feature: number;
  readonly bin: number;
}

/** The sampled rows of one tree: gathered once, read at every level. */
interface SampledRows {
  /** Shape [features][sample]. */
  readonly bins: readonly Uint8Array[];
  readonly residual: Float64Array;
  /** Leaf of each row so far. */
  readonly leaf: Uint16Array;
}

class Grower {
  readonly #columns: readonly BinnedFeature[];
  readonly #leafShrink: number;
  /** Sum of residuals and count of rows by leaf and bin, side by side. */
  readonly #cells: Float64Array;
  readonly #width: number;

  constructor(columns: readonly BinnedFeature[], { depth, leafShrink }: TreeSettings) {
    this.#columns = columns;
    this.#leafShrink = leafShrink;
    this.#width = Math.max(1, ...columns.map((column) => column.edges.length + 1));
    this.#cells = new Float64Array(2 * 2 ** depth * this.#width);
  }

  /** The best question of a level, or null when no feature tells rows apart. */
  ask(rows: SampledRows, leaves: number): Question | null {
    let best: Question | null = null;
    let bestGain = Number.NEGATIVE_INFINITY;
    this.#columns.forEach((column, feature) => {
      const edges = column.edges.length;
      if (edges === 0) return;
      this.#fill(rows.bins[feature] ?? new Uint8Array(), rows, leaves);
      const gains = this.#gains(edges, leaves);
      for (let bin = 0; bin < edges; bin++) {
        const gain = gains[bin] ?? 0;
        if (gain > bestGain + 1e-12) {
          bestGain = gain;
          best = { feature, bin };
        }
      }
    });
    return best;
  }

  #fill(bins: Uint8Array, { residual, leaf }: SampledRows, leaves: number): void {
    const cells = this.#cells;
    const width = this.#width;
    cells.fill(0, 0, 2 * leaves * width);
    for (let i = 0; i < bins.length; i++) {
      const cell = 2 * ((leaf[i] ?? 0) * width + (bins[i] ?? 0));
      cells[cell] = (cells[cell] ?? 0) + (residual[i] ?? 0);
      cells[cell + 1] = (cells[cell + 1] ?? 0) + 1;
    }
  }

  #gains(edges: number, leaves: number): Float64Array {
    const cells = this.#cells;
    const shrink = this.#leafShrink;
    const gains = new Float64Array(edges);
    for (let j = 0; j < leaves; j++) {
      const from = 2 * j * this.#width;
      let total = 0;
      let rows = 0;
      for (let cell = from; cell <= from + 2 * edges; cell += 2) {
        total += cells[cell] ?? 0;
        rows += cells[cell + 1] ?? 0;
      }
      let below = 0;
      let belowRows = 0;
      for (let bin = 0; bin < edges; bin++) {
        below += cells[from + 2 * bin] ?? 0;
        belowRows += cells[from + 2 * bin + 1] ?? 0;
        const above = total - below;
        const halves = below ** 2 / (belowRows + shrink) + above ** 2 / (rows - belowRows + shrink);
        gains[bin] = (gains[bin] ?? 0) + halves;
      }
    }
    return gains;
  }
}

/** Every row's leaf goes one level down. */
function descend(leaf: Uint16Array, bins: Uint8Array, bin: number): void {
  for (let i = 0; i < leaf.length; i++) leaf[i] = 2 * (leaf[i] ?? 0) + ((bins[i] ?? 0) > bin ? 1 : 0);
}

/** The values of some rows. */
function gathered<T extends Uint8Array | Float64Array>(values: T, rows: Int32Array, into: T): T {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i] ?? 0] ?? 0;
  return into;
}

function sampleRows(rows: number, share: number, random: Random): Int32Array {
  if (share >= 1) return Int32Array.from({ length: rows }, (_, row) => row);
  const taken = new Int32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (random.next() < share) taken[count++] = row;
  return taken.slice(0, count);
}

/**
 * Fits the mean of `targets` given the features.
 * @param columns one feature each, shape [features][rows]
 * @param targets shape [rows]
 */
export function fitBoostedTrees(
  columns: readonly Float64Array[],
  targets: Float64Array,
  random: Random,
  settings: TreeSettings = TREES,
): BoostedTrees {
  const rows = targets.length;
  const binned = columns.map((column) => binFeature(column, settings.bins));
  const base = rows === 0 ? 0 : targets.reduce((sum, value) => sum + value, 0) / rows;
  const residual = targets.map((value) => value - base);
  const features: number[] = [];
  const thresholds: number[] = [];
  const leaves: number[] = [];
  const grower = new Grower(binned, settings);
  for (let tree = 0; tree < settings.trees && rows > 0; tree++) {
    const sample = sampleRows(rows, settings.rowShare, random);
    const sampled: SampledRows = {
      bins: binned.map(({ bins }) => gathered(bins, sample, new Uint8Array(sample.length))),
      residual: gathered(residual, sample, new Float64Array(sample.length)),
      leaf: new Uint16Array(sample.length),
    };
    const leafOfAll = new Uint16Array(rows);
    let asked = 0;
    for (; asked < settings.depth; asked++) {
      const question = grower.ask(sampled, 2 ** asked);
      if (question === null) break;
      const { feature, bin } = question;
      descend(sampled.leaf, sampled.bins[feature] ?? new Uint8Array(), bin);
      descend(leafOfAll, binned[feature]?.bins ?? new Uint8Array(), bin);
      features.push(feature);
      thresholds.push(binned[feature]?.edges[bin] ?? 0);
    }
    if (asked === 0) break;
    const values = leafValues(sampled, settings);
    for (const value of values) leaves.push(value);
    for (let row = 0; row < rows; row++) residual[row] = (residual[row] ?? 0) - (values[leafOfAll[row] ?? 0] ?? 0);
  }
  return new BoostedTrees({ depth: settings.depth, base, features, thresholds, leaves });
}

function leafValues({ residual, leaf }: SampledRows, { depth, learningRate, leafShrink }: TreeSettings): Float64Array {
  const sums = new Float64Array(2 ** depth);
  const counts = new Float64Array(2 ** depth);
  for (let i = 0; i < leaf.length; i++) {
    const j = leaf[i] ?? 0;
    sums[j] = (sums[j] ?? 0) + (residual[i] ?? 0);
    counts[j] = (counts[j] ?? 0) + 1;
  }
  return sums.map((sum, j) => (learningRate * sum) / ((counts[j] ?? 0) + leafShrink));
}
