// The environment: a cluster, real or simulated, as a Gym-like task.

import type { Proposal } from "./decision.ts";
import type { KnobLattice, Space } from "./space.ts";
import type { ClusterState } from "./state.ts";

/** Reward terms and bookkeeping of a step; numbers, texts and flags only. */
export type Info = Readonly<Record<string, number | string | boolean | null>>;

/** What a reset gives. */
export interface ResetResult {
  readonly observation: ClusterState;
  readonly info: Info;
}

/** What a step gives. A tuning task is truncated, never terminated: agents bootstrap through the end. */
export interface StepResult {
  readonly observation: ClusterState;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly info: Info;
}

/** A cluster to act on. */
export interface Environment {
  /** Gymnasium id, such as "trimtab/ImageTwitter-v0". */
  readonly id: string;
  readonly observationSpace: Space<ClusterState>;
  readonly actionSpace: KnobLattice;
  /** Without a seed the stream of chance goes on from where it was. */
  reset(options?: { seed?: number }): Promise<ResetResult>;
  /** @throws {StateError} before the first reset or after close */
  step(proposal: Proposal): Promise<StepResult>;
  /** May be called twice. */
  close(): Promise<void>;
}
