// What the Gaussian-process searches share: a few spread first points, then the candidate of highest acquisition.

import type { Search } from "../../core/index.ts";
import { type Candidate, listCandidates, unitPoint } from "./candidates.ts";
import { type Measured, Measurements, type SearchContext, startOf } from "./measurements.ts";

/** The start and as many spread points as this are measured before the model decides. */
const FIRST_POINTS = 3;

/** How one method scores candidates. */
export interface Acquisition {
  /** Takes note of everything measured, in order. */
  observe(records: readonly Measured[], points: readonly Float64Array[]): void;
  /** Higher is better; compared among candidates not yet measured. @param position place in the candidate list */
  score(candidate: Candidate, position: number): number;
  /** Whether a score says that nothing is left to gain. */
  exhausted(score: number): boolean;
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.hypot(...a.map((value, i) => value - (b[i] ?? 0)));
}

/** A search by acquisition. @param make given the candidates and the measurements */
export function gpSearch(
  context: SearchContext,
  name: string,
  make: (candidates: readonly Candidate[], measurements: Measurements) => Acquisition,
): Search {
  const { lattice } = context;
  const measurements = new Measurements(context);
  const candidates = listCandidates(lattice, context.random.split("candidates"));
  const acquisition = make(candidates, measurements);
  const random = context.random.split("first");
  const points = new Map<number, Float64Array>();

  /** Of some random candidates the one farthest from everything measured. */
  const spread = (): Candidate | undefined => {
    let best: Candidate | undefined;
    let farthest = -1;
    for (let i = 0; i < 50; i++) {
      const candidate = candidates[Math.floor(random.next() * candidates.length)];
      if (candidate === undefined || measurements.has(candidate.index)) continue;
      const gap = Math.min(...[...points.values()].map((point) => distance(point, candidate.point)));
      if (gap > farthest) {
        best = candidate;
        farthest = gap;
      }
    }
    return best;
  };

  return {
    ask() {
      const records = measurements.all;
      if (records.length === 0)
        return { configuration: startOf(lattice, context.initial), reason: `${name}: the start` };
      if (records.length <= FIRST_POINTS) {
        const first = spread();
        if (first !== undefined) return { configuration: first.configuration, reason: `${name}: a spread first point` };
      }
      acquisition.observe(
        records,
        records.map((record) => points.get(record.index) ?? unitPoint(lattice, record.configuration)),
      );
      let best: Candidate | undefined;
      let bestScore = Number.NEGATIVE_INFINITY;
      candidates.forEach((candidate, position) => {
        if (measurements.has(candidate.index)) return;
        const score = acquisition.score(candidate, position);
        if (score > bestScore) {
          best = candidate;
          bestScore = score;
        }
      });
      if (best === undefined || acquisition.exhausted(bestScore)) {
        return { configuration: measurements.best(), reason: `${name}: nothing left to gain, the best again` };
      }
      return { configuration: best.configuration, reason: `${name}: acquisition ${bestScore.toPrecision(3)}` };
    },
    tell(configuration, measured) {
      const record = measurements.add(configuration, measured);
      if (!points.has(record.index)) points.set(record.index, unitPoint(lattice, configuration));
    },
    best: () => measurements.best(),
  };
}
