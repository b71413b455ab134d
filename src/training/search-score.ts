// A search judged by the truth: when what it would keep was good enough, and what it served on the way.

import type { SearchProblem } from "./search-problem.ts";
import type { SearchRecord } from "./search-run.ts";
import { isWithin, type SearchTruth } from "./search-truth.ts";

/** How one run, or one phase of it, went. */
export interface SearchScore {
  /** Windows until what would be kept is within 5 % of the optimum; null when never. */
  readonly toWithin5: number | null;
  readonly toWithin10: number | null;
  /** Within 5 % at the end. */
  readonly solved: boolean;
  readonly solvedWithin10: boolean;
  /** Share of the windows whose configuration's true latency is above 1.05 SLO. */
  readonly unsafeShare: number;
  readonly unsafeFirst20: number;
  readonly overTwiceSloShare: number;
  /** Mean latency of what was served, over the optimum's true one. */
  readonly latencyPaid: number;
  readonly aborts: number;
}

/** Windows that count as the first ones. */
const FIRST_WINDOWS = 20;

/** Latencies above this multiple of the SLO are unsafe: truth has its own noise. */
const UNSAFE_RATIO = 1.05;

/** Time served, by how bad it was. */
class Exposure {
  readonly #problem: SearchProblem;
  readonly #truth: SearchTruth;
  used = 0;
  #unsafe = 0;
  #unsafeFirst = 0;
  #overTwice = 0;
  #latency = 0;

  constructor(problem: SearchProblem, truth: SearchTruth) {
    this.#problem = problem;
    this.#truth = truth;
  }

  serve(i: number, share: number, measuredMs: number): void {
    const latencyMs = this.#truth.latencyMs[i] ?? 0;
    const firstLeft = Math.max(0, Math.min(share, FIRST_WINDOWS - this.used));
    this.used += share;
    this.#latency += share * measuredMs;
    if (latencyMs > 2 * this.#problem.sloMs) this.#overTwice += share;
    if (latencyMs <= UNSAFE_RATIO * this.#problem.sloMs) return;
    this.#unsafe += share;
    this.#unsafeFirst += firstLeft;
  }

  summary(): Pick<SearchScore, "unsafeShare" | "unsafeFirst20" | "overTwiceSloShare" | "latencyPaid"> {
    return {
      unsafeShare: this.#unsafe / this.used,
      unsafeFirst20: this.#unsafeFirst / Math.min(FIRST_WINDOWS, this.used),
      overTwiceSloShare: this.#overTwice / this.used,
      latencyPaid: this.#latency / this.used / (this.#truth.latencyMs[this.#truth.optimum] ?? 1),
    };
  }
}

/** Judges a phase of a run by the truth of its problem. */
export function scoreRun(problem: SearchProblem, truth: SearchTruth, record: SearchRecord, phase = 0): SearchScore {
  const exposure = new Exposure(problem, truth);
  let toWithin5: number | null = null;
  let toWithin10: number | null = null;
  let kept = -1;
  let aborts = 0;
  for (const pass of record.passes) {
    if (pass.phase !== phase) continue;
    exposure.serve(pass.tried, pass.share, pass.measuredMs);
    if (pass.share < 1) aborts++;
    kept = pass.kept;
    if (toWithin5 === null && isWithin(problem, truth, kept, 0.05)) toWithin5 = exposure.used;
    if (toWithin10 === null && isWithin(problem, truth, kept, 0.1)) toWithin10 = exposure.used;
  }
  return {
    toWithin5,
    toWithin10,
    solved: isWithin(problem, truth, kept, 0.05),
    solvedWithin10: isWithin(problem, truth, kept, 0.1),
    ...exposure.summary(),
    aborts,
  };
}
