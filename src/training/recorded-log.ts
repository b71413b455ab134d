// What a cluster's logs recorded of a stretch of time, read beside a service that goes on writing them.
//
// Of a window the logs keep no arrival times, no rates within it but the peak, and no service times by batch size.

import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { transitionSchema } from "../control/index.ts";
import { type ClusterState, type Configuration, HISTORY_WINDOWS, type PastWindow, StoreError } from "../core/index.ts";
import { configurationSchema, fieldIssues, stateFrom, stateSchema } from "../store/index.ts";

/** One pass as it was recorded. */
export interface RecordedPass {
  readonly id: string;
  readonly observation: ClusterState;
  /** What was to be in force from then on. */
  readonly choice: Configuration;
}

const passSchema = z.object({
  id: z.string(),
  timeS: z.number(),
  applied: configurationSchema.nullable(),
  observation: z
    .object({
      metrics: z.looseObject({ arrivalRateRps: z.number() }),
      configuration: configurationSchema,
      inFlight: configurationSchema.nullable(),
      fleet: z.unknown(),
    })
    .nullable(),
});

type PassJson = z.output<typeof passSchema>;

/** The records of a segment; a last line that is not whole yet was never acknowledged. */
async function recordsOf(path: string): Promise<unknown[]> {
  const records: unknown[] = [];
  let unread: unknown = null;
  for await (const line of createInterface({ input: createReadStream(path, "utf8") })) {
    if (unread !== null) throw new StoreError(`${path}: expected JSON lines, found one that is not`, { cause: unread });
    try {
      records.push(JSON.parse(line));
    } catch (error) {
      unread = error;
    }
  }
  return records;
}

/** The latest records of a log, oldest first, back to the segment that holds the first of the stretch. */
async function latest<T>(
  folder: string,
  parse: (record: unknown) => T,
  enough: (first: T, last: T) => boolean,
): Promise<T[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new StoreError(`${folder}: expected the log of a cluster, found none`, { cause });
  });
  const segments = names.filter((name) => name.endsWith(".jsonl")).sort();
  let kept: T[] = [];
  for (const name of segments.reverse()) {
    kept = [...(await recordsOf(join(folder, name))).map(parse), ...kept];
    const [first, last] = [kept[0], kept.at(-1)];
    if (first !== undefined && last !== undefined && enough(first, last)) break;
  }
  return kept;
}

function parser<T>(schema: z.ZodType<T, unknown>, what: string): (record: unknown) => T {
  return (record) => {
    const result = schema.safeParse(record);
    if (result.success) return result.data;
    const [issue] = fieldIssues(result.error, record);
    throw new StoreError(`${what}: ${issue?.path}: expected ${issue?.expected}, found ${issue?.found}`);
  };
}

function observationOf(pass: PassJson, history: readonly PastWindow[]): ClusterState | null {
  if (pass.observation === null) return null;
  const { metrics, configuration, inFlight, fleet } = pass.observation;
  const { arrivalRateRps: rateRps, ...rest } = metrics;
  const peakRps = history.at(-1)?.peakRateRps ?? rateRps;
  const state = stateSchema.safeParse({
    timeS: pass.timeS,
    metrics: { ...rest, arrivals: { rateRps, recentRatesRps: [peakRps] } },
    fleet,
    configuration: {},
    history: [],
  });
  if (!state.success) {
    const [issue] = fieldIssues(state.error, pass);
    throw new StoreError(`decision ${pass.id}: ${issue?.path}: expected ${issue?.expected}, found ${issue?.found}`);
  }
  return { ...stateFrom(state.data), configuration, inFlight, history };
}

/**
 * Reads the latest passes of a cluster that saw something.
 * @param folder of the cluster in its store
 * @param lastS how far back from its latest record, in seconds of the cluster's time
 * @throws {StoreError} when there are no logs there, or they are damaged
 */
export async function readPasses(folder: string, lastS: number): Promise<readonly RecordedPass[]> {
  const passes = await latest(
    join(folder, "decisions"),
    parser(passSchema, "decision"),
    (first, last) => first.timeS < last.timeS - lastS,
  );
  const endS = passes.at(-1)?.timeS ?? 0;
  const transitions = await latest(
    join(folder, "transitions"),
    parser(transitionSchema, "transition"),
    ({ window: first }, { window: last }) => first !== null && last !== null && first.timeS < last.timeS - 2 * lastS,
  );
  const windows = transitions.flatMap(({ window }) => window ?? []);
  const recorded: RecordedPass[] = [];
  let next = 0;
  const history: PastWindow[] = [];
  for (const pass of passes) {
    while (next < windows.length && (windows[next]?.timeS ?? 0) <= pass.timeS) {
      const window = windows[next++];
      if (window !== undefined) history.push(window);
    }
    if (pass.timeS < endS - lastS) continue;
    const observation = observationOf(pass, history.slice(-HISTORY_WINDOWS));
    if (observation === null) continue;
    const choice = pass.applied ?? observation.inFlight ?? observation.configuration;
    recorded.push({ id: pass.id, observation, choice });
  }
  return recorded;
}
