// The action mask: which values of a knob are open once the knobs before it are chosen, as a small automaton.
//
// s_0 = 0;  knob k may take position j when next[k][s_k][j] ≥ 0, and then s_{k+1} = next[k][s_k][j]
// Choosing knob by knob this way reaches every allowed configuration and no other. Equal remainders are one state, so
// the tables stay small. A lattice too large to list has none: all positions are open, and the choice is moved to the
// nearest allowed configuration.

import type { ClusterState, Configuration, KnobLattice, Random } from "../src/core/index.ts";
import { LISTED_LATTICE } from "./moves.ts";

/** Shape [knobs][states of the knob][values of the knob]: the state of the next knob, or -1 where closed. */
export type MaskTable = readonly (readonly (readonly number[])[])[];

/** Minimal automaton of the allowed configurations, built from the last knob backwards. */
function tableOf(space: KnobLattice): MaskTable {
  const lengths = space.knobs.map((knob) => knob.values.length);
  let blocks: number[] = [];
  for (let index = 0; index < space.count; index++) blocks.push(space.allowed(space.configuration(index)) ? 0 : -1);
  const table: number[][][] = [];
  for (let k = lengths.length - 1; k >= 0; k--) {
    const values = lengths[k] ?? 1;
    const states: number[][] = [];
    const known = new Map<string, number>();
    const merged: number[] = [];
    for (let from = 0; from < blocks.length; from += values) {
      const block = blocks.slice(from, from + values);
      if (block.every((next) => next < 0)) {
        merged.push(-1);
        continue;
      }
      const key = block.join();
      const state = known.get(key) ?? states.push(block) - 1;
      known.set(key, state);
      merged.push(state);
    }
    table.unshift(states);
    blocks = merged;
  }
  return table;
}

/** Probabilities by the scores of the open values; 0 for closed ones. */
function softmax(open: Uint8Array, scores: ArrayLike<number>, from: number): Float64Array {
  let highest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < open.length; j++) if (open[j] === 1) highest = Math.max(highest, scores[from + j] ?? 0);
  const shares = Float64Array.from(open, (flag, j) => (flag === 1 ? Math.exp((scores[from + j] ?? 0) - highest) : 0));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

/** Reads positions off scores, knob by knob, in the order of the lattice. */
export class ActionMask {
  /** Null where the lattice is too large to list. */
  readonly table: MaskTable | null;
  readonly #space: KnobLattice;
  readonly #lengths: readonly number[];
  readonly #open: MaskTable;

  constructor(space: KnobLattice) {
    this.#space = space;
    this.#lengths = space.knobs.map((knob) => knob.values.length);
    this.table = space.count <= LISTED_LATTICE ? tableOf(space) : null;
    this.#open = this.table ?? this.#lengths.map((values) => [new Array<number>(values).fill(0)]);
  }

  /** Number of scores: one for each value of each knob. */
  get width(): number {
    return this.#lengths.reduce((sum, values) => sum + values, 0);
  }

  /**
   * Chooses a position for each knob, given those open to it.
   * @param closed what the cluster leaves open now, of the observation
   * @param choose the position among the open ones. `open` is 1 where open, shape [values]; `from` is the knob's first score
   * @returns shape [knobs]
   */
  walk(closed: ClusterState["mask"], choose: (open: Uint8Array, from: number, knob: number) => number): Int32Array {
    const table = this.#narrowed(closed);
    const positions = new Int32Array(this.#lengths.length);
    let state = 0;
    let from = 0;
    this.#lengths.forEach((values, k) => {
      const next = table[k]?.[state] ?? [];
      const position = choose(
        Uint8Array.from(next, (to) => (to >= 0 ? 1 : 0)),
        from,
        k,
      );
      positions[k] = position;
      state = next[position] ?? 0;
      from += values;
    });
    return positions;
  }

  /** The highest-scoring position of each knob among the open ones, the first of equals. @param scores shape [width] */
  best(closed: ClusterState["mask"], scores: ArrayLike<number>): Int32Array {
    return this.walk(closed, (open, from) => {
      let best = -1;
      for (let j = 0; j < open.length; j++) {
        if (open[j] === 1 && (best < 0 || (scores[from + j] ?? 0) > (scores[from + best] ?? 0))) best = j;
      }
      return best;
    });
  }

  /**
   * Draws a position for each knob, by the softmax of its open scores.
   * @returns positions, shape [knobs], and the probability of drawing just these
   */
  draw(
    closed: ClusterState["mask"],
    scores: ArrayLike<number>,
    random: Random,
  ): { positions: Int32Array; probability: number } {
    let probability = 1;
    const positions = this.walk(closed, (open, from) => {
      const shares = softmax(open, scores, from);
      let left = random.next();
      let drawn = shares.findLastIndex((share) => share > 0);
      for (let j = 0; j < shares.length; j++) {
        left -= shares[j] ?? 0;
        if (left < 0) {
          drawn = j;
          break;
        }
      }
      probability *= shares[drawn] ?? 0;
      return drawn;
    });
    return { positions, probability };
  }

  /** What was open on the way to a choice, shape [width]; 1 where open. @param positions shape [knobs] */
  openTo(closed: ClusterState["mask"], positions: ArrayLike<number>): Uint8Array {
    const found = new Uint8Array(this.width);
    this.walk(closed, (open, from, k) => {
      found.set(open, from);
      return positions[k] ?? 0;
    });
    return found;
  }

  /** The allowed configuration of a choice. */
  configuration(positions: ArrayLike<number>): Configuration {
    const configuration = this.#space.at(positions);
    return this.table !== null ? configuration : this.#space.nearest(configuration);
  }

  /** The automaton with what the cluster closes now; as it is where that would leave nothing. */
  #narrowed(mask: ClusterState["mask"]): MaskTable {
    if (mask === null) return this.#open;
    const table: number[][][] = [];
    let alive: readonly boolean[] = [true];
    for (let k = this.#lengths.length - 1; k >= 0; k--) {
      const knob = this.#space.knobs[k];
      const values = knob === undefined ? undefined : mask[knob.name];
      const living = alive;
      const states = (this.#open[k] ?? []).map((next) =>
        next.map((to, j) => {
          const closed = values !== undefined && !values.includes(knob?.values[j] ?? "");
          return to < 0 || closed || living[to] !== true ? -1 : to;
        }),
      );
      table.unshift(states);
      alive = states.map((next) => next.some((to) => to >= 0));
    }
    return alive[0] === true ? table : this.#open;
  }
}
