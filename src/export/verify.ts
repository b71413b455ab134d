// Checks an export: what was written is read back and replayed on observations nothing was learnt from.

import {
  type ClusterState,
  type Configuration,
  ExportError,
  type ExportedFile,
  type ExportSource,
  type Knob,
  type KnobValue,
  type PolicyExporter,
} from "../core/index.ts";

/** How far an export agrees with its policy. */
export interface Fidelity {
  /** Whether the format promises to act exactly as the policy. */
  readonly exact: boolean;
  readonly observations: number;
  /** Share of the observations on which every knob the format holds is set alike, in [0, 1]. */
  readonly agreement: number;
  /** Largest difference of a knob, in lattice steps. */
  readonly largestDifference: number;
  readonly meanDifference: number;
  /** Knobs the format sets. */
  readonly knobs: readonly string[];
}

/** Steps between two values of a knob; a value that is none of its counts as all the way. */
function stepsBetween(knob: Knob, a: KnobValue | undefined, b: KnobValue | undefined): number {
  const [from, to] = [a, b].map((value) => (value === undefined ? -1 : knob.values.indexOf(value)));
  if (from === undefined || to === undefined) return knob.values.length;
  return from < 0 || to < 0 ? knob.values.length : Math.abs(from - to);
}

function differenceOf(knobs: readonly Knob[], expected: Configuration, found: Configuration): number {
  const held = knobs.filter(({ name }) => name in found);
  return held.reduce((most, knob) => Math.max(most, stepsBetween(knob, expected[knob.name], found[knob.name])), 0);
}

/**
 * Replays an export.
 * @throws {ExportError} when the format promises to act as the policy and does not
 */
export async function verifyExport(
  exporter: PolicyExporter,
  files: readonly ExportedFile[],
  source: ExportSource,
  observations: readonly ClusterState[],
): Promise<Fidelity> {
  const act = await exporter.replay(files, source);
  const exact = exporter.exact(source);
  let alike = 0;
  let largest = 0;
  let sum = 0;
  let held = new Set<string>();
  for (const observation of observations) {
    const found = await act(observation);
    if (held.size === 0) held = new Set(Object.keys(found));
    const difference = differenceOf(source.lattice.knobs, source.act(observation), found);
    if (difference === 0) alike += 1;
    largest = Math.max(largest, difference);
    sum += difference;
  }
  const count = Math.max(1, observations.length);
  if (exact && largest > 0) {
    throw new ExportError(
      `${exporter.format}: expected the policy's own configuration on ${observations.length} held-out observations, found another on ${observations.length - alike}, up to ${largest} steps away`,
    );
  }
  return {
    exact,
    observations: observations.length,
    agreement: alike / count,
    largestDifference: largest,
    meanDifference: sum / count,
    knobs: [...held],
  };
}
