// Resuming: what the logs and the checkpoint of a cluster say about where its control loop stopped.

import { access } from "node:fs/promises";
import { z } from "zod";
import type { AgentContext, AgentFactory, Configuration, KnobLattice, PastWindow } from "../core/index.ts";
import { CheckpointError, canonicalJson, HISTORY_WINDOWS, StoreError } from "../core/index.ts";
import { type ClusterStore, configurationSchema, readCheckpoint } from "../store/index.ts";
import type { SavedAgent } from "./trusted-agent.ts";

/** Actuations looked at for when each knob was last changed, and how often. */
const ACTUATIONS_READ = 1000;

const actuationSchema = z.object({
  decision: z.string(),
  timeS: z.number(),
  configuration: configurationSchema,
  actor: z.enum(["agent", "optimizer", "guard", "operator"]),
  previous: configurationSchema.exactOptional(),
});

const windowSchema: z.ZodType<PastWindow, unknown> = z.object({
  timeS: z.number(),
  durationS: z.number(),
  arrivalRateRps: z.number(),
  peakRateRps: z.number(),
  objectiveMs: z.number().nullable(),
  missRatio: z.number(),
  utilization: z.number(),
  queueLength: z.number(),
  costUsdPerHour: z.number(),
  configuration: configurationSchema,
});

/** The part of a recorded transition that tells the window it ended. */
export const transitionSchema = z.object({ window: windowSchema.nullable() });
const decisionSchema = z.object({ id: z.string(), timeS: z.number() });

/** An actuation read back. */
export type SentConfiguration = z.infer<typeof actuationSchema>;

/** Where a cluster's control loop stopped. */
export interface Resumption {
  /** Latest time in any log; 0 for a new cluster. */
  readonly timeS: number;
  /** Last configuration sent, its decision, and whether that decision is on record. */
  readonly sent: (SentConfiguration & { readonly recorded: boolean }) | null;
  readonly lastChangeS: Readonly<Record<string, number>>;
  /** Times of the latest changes, ascending. */
  readonly changesS: readonly number[];
  /** Oldest first. */
  readonly history: readonly PastWindow[];
}

function parsed<T>(schema: z.ZodType<T, unknown>, record: unknown, what: string): T {
  const result = schema.safeParse(record);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new StoreError(`${what}: ${issue?.path.join(".")}: ${issue?.message}`);
}

function changesIn(actuations: readonly SentConfiguration[]): Pick<Resumption, "lastChangeS" | "changesS"> {
  const lastChangeS: Record<string, number> = {};
  const changesS: number[] = [];
  let before: Configuration | null = null;
  for (const { configuration, timeS } of actuations) {
    const turned = Object.keys(configuration).filter((name) => before !== null && before[name] !== configuration[name]);
    for (const name of turned) lastChangeS[name] = timeS;
    if (turned.length > 0) changesS.push(timeS);
    before = configuration;
  }
  return { lastChangeS, changesS };
}

/**
 * Reads where the loop of a cluster stopped. What was sent or seen under other knobs than the cluster has now is left out.
 * @throws {StoreError} when its logs are damaged
 */
export async function readResumption(store: ClusterStore, lattice: KnobLattice): Promise<Resumption> {
  const { actuations, decisions, transitions } = store;
  const [sentEntries, windowEntries, lastDecision] = await Promise.all([
    actuations.read(actuations.length - ACTUATIONS_READ, ACTUATIONS_READ),
    transitions.read(transitions.length - HISTORY_WINDOWS, HISTORY_WINDOWS),
    decisions.last(),
  ]);
  const sent = sentEntries
    .map(({ record, number }) => parsed(actuationSchema, record, `actuation ${number}`))
    .filter(({ configuration }) => lattice.contains(configuration));
  const history = windowEntries
    .flatMap(({ record, number }) => parsed(transitionSchema, record, `transition ${number}`).window ?? [])
    .filter(({ configuration }) => lattice.contains(configuration));
  const last =
    lastDecision === null ? null : parsed(decisionSchema, lastDecision.record, `decision ${lastDecision.number}`);
  const latest = sent.at(-1) ?? null;
  return {
    timeS: Math.max(0, last?.timeS ?? 0, latest?.timeS ?? 0, history.at(-1)?.timeS ?? 0),
    sent: latest === null ? null : { ...latest, recorded: numberOf(latest.decision) < decisions.length },
    ...changesIn(sent),
    history,
  };
}

/** The id of a decision: the cluster's name and the record's number. */
export function decisionId(cluster: string, number: number): string {
  return `${cluster}-${number}`;
}

function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf("-") + 1));
}

/**
 * The agent a cluster's checkpoint holds; null when there is none yet, or it is of another agent, environment or knobs.
 * @throws {CheckpointError} when the file is damaged
 */
export async function savedAgent(
  store: ClusterStore,
  factory: AgentFactory,
  { environment, space }: Pick<AgentContext, "environment" | "space">,
): Promise<SavedAgent | null> {
  const exists = await access(store.checkpointPath).then(
    () => true,
    () => false,
  );
  if (!exists) return null;
  const checkpoint = await readCheckpoint(store.checkpointPath);
  if (checkpoint.agent !== factory.name || checkpoint.environment !== environment) return null;
  if (canonicalJson(checkpoint.spec.knobs) !== canonicalJson(space.knobs)) return null;
  if (checkpoint.snapshot.agent !== factory.name) {
    throw new CheckpointError(`${store.checkpointPath}: snapshot: expected ${factory.name}, found another agent`);
  }
  return { snapshot: checkpoint.snapshot, progress: checkpoint.progress };
}
