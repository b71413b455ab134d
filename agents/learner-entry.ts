// The registry entry of a learner: settings read by its schema, snapshots checked before anything of them is used.

import type { z } from "zod";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
  CheckpointError,
  fromJson,
  type Policy,
  type PolicySpec,
  type PortablePolicy,
} from "../src/core/index.ts";
import { type ConfigurableAgent, readSettings } from "./settings.ts";

/** Version of every learner's snapshot. */
export const SNAPSHOT_VERSION = 1;

/** An agent that can take over the state of another of its kind. */
export interface Restorable<State> extends Agent {
  /** @throws when the state does not fit the agent's context */
  restore(state: State): void;
}

/** What tells learners apart. */
export interface LearnerParts<Settings extends object, State extends { readonly settings: Record<string, unknown> }> {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  readonly settings: z.ZodType<Settings>;
  /** Of a snapshot's state. */
  readonly state: z.ZodType<State>;
  make(context: AgentContext, settings: Settings): Restorable<State>;
  /** The policy a spec describes. @throws {CheckpointError} when it does not fit */
  load(context: AgentContext, spec: PolicySpec): Policy;
  /** The same without the agent. @throws {CheckpointError} as `load` */
  portable(context: AgentContext, spec: PolicySpec): PortablePolicy;
}

/** The state in a snapshot. @throws {CheckpointError} when the snapshot is another agent's, or of another form */
export function readSnapshot<State>(name: string, schema: z.ZodType<State>, snapshot: AgentSnapshot): State {
  if (snapshot.agent !== name || snapshot.version !== SNAPSHOT_VERSION) {
    const found = `${snapshot.agent} version ${snapshot.version}`;
    throw new CheckpointError(`snapshot: expected ${name} version ${SNAPSHOT_VERSION}, found ${found}`);
  }
  const parsed = schema.safeParse(fromJson(snapshot.state));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CheckpointError(`snapshot state.${issue?.path.join(".")}: ${issue?.message}`);
}

/** The registry entry of a learner. */
export function learnerEntry<Settings extends object, State extends { readonly settings: Record<string, unknown> }>({
  name,
  summary,
  settings: schema,
  state,
  make,
  load,
  portable,
}: LearnerParts<Settings, State>): ConfigurableAgent {
  const withSettings = (settings: Settings): AgentFactory => ({
    name,
    summary,
    create: (context) => make(context, settings),
    restore(context, snapshot) {
      const data = readSnapshot(name, state, snapshot);
      const agent = make(context, readSettings(name, schema, data.settings));
      try {
        agent.restore(data);
      } catch (cause) {
        throw new CheckpointError(`snapshot of ${name}: does not fit this lattice`, { cause });
      }
      return agent;
    },
    load,
    portable,
  });
  return {
    ...withSettings(readSettings(name, schema, {})),
    configured: (settings) => withSettings(readSettings(name, schema, settings)),
  };
}
