// Exporters: one format each, from a policy and a source of observations to check the result on.

import type { Policy, PolicySpec } from "./agent.ts";
import type { Configuration } from "./knob.ts";
import type { Objective } from "./objective.ts";
import type { PortablePolicy } from "./portable.ts";
import type { KnobLattice } from "./space.ts";
import type { ClusterState } from "./state.ts";

/** A policy about to leave. */
export interface ExportSource {
  readonly spec: PolicySpec;
  /** The policy itself; what is exported must do the same. */
  readonly act: (observation: ClusterState) => Configuration;
  /** The policy without its agent. @throws {ExportError} when it needs more than a portable form holds */
  readonly portable: () => PortablePolicy;
  /** The policy another spec for the same environment describes. @throws {CheckpointError} when it is none */
  readonly open: (spec: PolicySpec) => Policy;
  readonly lattice: KnobLattice;
  readonly objective: Objective;
  /** Seconds between decisions. */
  readonly intervalS: number;
  /** Observations the policy acted on, for formats that must learn it; none of them is held out. */
  readonly observations: () => Promise<readonly ClusterState[]>;
}

/** A file of an export; the name may have a folder. */
export interface ExportedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** Does what exported files say. */
export type Replay = (observation: ClusterState) => Configuration | Promise<Configuration>;

/** Writes a policy in one format. */
export interface PolicyExporter {
  readonly format: string;
  /** Of the first file. */
  readonly mediaType: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Whether what is written acts exactly as the policy; where not, how far it agrees is measured and told. */
  exact(source: ExportSource): boolean;
  /** At least one file; the first is the export itself. @throws {ExportError} when the format cannot hold the policy */
  export(source: ExportSource): Promise<readonly ExportedFile[]>;
  /** Reads the files back and acts by them alone. */
  replay(files: readonly ExportedFile[], source: ExportSource): Promise<Replay>;
}
