// Exporting: writes a policy in a format, and lets nothing out that was not replayed.

import type { TuningTask } from "../../environments/index.ts";
import {
  ExportError,
  type ExportedFile,
  type ExportSource,
  type PolicyExporter,
  type PolicySpec,
} from "../core/index.ts";
import { exportSource, heldOut } from "./source.ts";
import { type Fidelity, verifyExport } from "./verify.ts";

/** A policy in a format, with how far it agrees. */
export interface Exported {
  readonly format: string;
  readonly mediaType: string;
  /** The first is the export itself. */
  readonly files: readonly [ExportedFile, ...ExportedFile[]];
  readonly fidelity: Fidelity;
}

/** What becomes of a format that cannot hold a policy. */
export type OnRefused = (format: string, error: ExportError) => void;

const refuse: OnRefused = (_, error) => {
  throw error;
};

/**
 * Exports a policy in some formats; observations are made once for all of them.
 * @param onRefused throws the refusal where absent
 * @throws {ExportError} when a format cannot hold the policy, or does not act as it
 * @throws {CheckpointError} when the spec is damaged, or for another environment
 */
export async function exportPolicy(
  open: TuningTask,
  spec: PolicySpec,
  formats: readonly PolicyExporter[],
  onRefused = refuse,
): Promise<Exported[]> {
  const source = exportSource(open, spec);
  const observations = await heldOut(open, source);
  const exported: Exported[] = [];
  for (const exporter of formats) {
    const files = await written(exporter, source, onRefused);
    if (files === null) continue;
    const fidelity = await verifyExport(exporter, files, source, observations);
    exported.push({ format: exporter.format, mediaType: exporter.mediaType, files, fidelity });
  }
  return exported;
}

async function written(
  exporter: PolicyExporter,
  source: ExportSource,
  onRefused: OnRefused,
): Promise<Exported["files"] | null> {
  try {
    const [first, ...others] = await exporter.export(source);
    if (first !== undefined) return [first, ...others];
    throw new RangeError(`${exporter.format}: expected at least one file, found none`);
  } catch (error) {
    if (!(error instanceof ExportError)) throw error;
    onRefused(exporter.format, error);
    return null;
  }
}

/** How far an export agrees, in a line for people. */
export function fidelityLine({ format, fidelity }: Exported): string {
  const { exact, observations, agreement, largestDifference, meanDifference, knobs } = fidelity;
  if (exact) return `${format}: acts as the policy on ${observations} of ${observations} held-out observations`;
  const share = `${(100 * agreement).toFixed(1)} % of ${observations} held-out observations`;
  const off = `${meanDifference.toFixed(2)} steps away on average, ${largestDifference} at most`;
  return `${format}: sets ${knobs.join(", ")} as the policy on ${share}; ${off}`;
}
