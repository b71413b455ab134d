// What a control loop is made from, and what it tells its listeners.

import type { AgentContext, ClusterAdapter, Configuration, DecisionRecord, Guard, Lease, Mode } from "../core/index.ts";
import type { ClusterStore } from "../store/index.ts";
import type { ActuationDelay } from "./actuation-delay.ts";
import type { StepName } from "./step-timer.ts";

/** Everything a control loop works with. */
export interface ControlParts {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly adapter: ClusterAdapter;
  /** Lattice, objective, model and optimizer. */
  readonly context: AgentContext;
  readonly guards: readonly Guard[];
  readonly committedUsdPerHour: (configuration: Configuration) => number;
  readonly budgetUsdPerHour: number | null;
  readonly store: ClusterStore;
  readonly mode: Mode;
  /** Of several services on the cluster the one that may act; null where nobody else could. */
  readonly lease: Lease | null;
  /** Whether a cluster that was never sent anything is sent the initial configuration: never one that is not ours. */
  readonly sendsInitial: boolean;
  /** A clock for timing steps; microseconds from any origin. */
  readonly nowMicros: () => number;
}

/** What happens in a loop. */
export type LoopEvent =
  /** A record is durable: of a pass, or of a command. */
  | { readonly type: "decision"; readonly record: DecisionRecord }
  /** A pass is over, with the duration of its steps. */
  | {
      readonly type: "pass";
      readonly record: DecisionRecord;
      readonly micros: Readonly<Partial<Record<StepName, number>>>;
      /** Knobs that came into force, and how long they took. */
      readonly delays: readonly ActuationDelay[];
    }
  /** Something failed that the loop goes on without. */
  | { readonly type: "error"; readonly cluster: string; readonly error: unknown };
