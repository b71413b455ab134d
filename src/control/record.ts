// Decision records: made from a pass, read back from the log, and completed by what the next window measured.

import { type ClusterState, type DecisionRecord, type Json, StoreError } from "../core/index.ts";
import type { AppendLog } from "../store/index.ts";

/** Records looked at after the last one wanted, for the window that measures it. */
const LOOKAHEAD = 4;

/** The part of an observation a record holds. */
export function recordedObservation(state: ClusterState): NonNullable<DecisionRecord["observation"]> {
  const { arrivals, service, ...metrics } = state.metrics;
  return {
    metrics: {
      ...metrics,
      service: service === null ? null : { meanMs: service.meanMs },
      arrivalRateRps: arrivals.rateRps,
    },
    configuration: state.configuration,
    inFlight: state.inFlight,
    fleet: state.fleet,
    forecastRps: state.forecast?.ratesRps[0] ?? null,
  };
}

/** A record of which only the frame is known: nothing observed, nothing done. */
export function emptyRecord(
  frame: Pick<DecisionRecord, "id" | "cluster" | "timeS" | "mode" | "trust" | "reason">,
): DecisionRecord {
  return {
    ...frame,
    observation: null,
    votes: [],
    actor: "operator",
    proposed: null,
    applied: null,
    guards: [],
    expected: null,
    measured: null,
    outcome: "held",
    explanation: null,
    proposal: null,
    policyId: null,
    stepMicros: {},
  };
}

type JsonObject = { readonly [key: string]: Json };

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function measuredBy(record: Json): Json {
  if (!isObject(record) || !isObject(record["observation"])) return null;
  const metrics = record["observation"]["metrics"];
  if (!isObject(metrics)) return null;
  const { latency } = metrics;
  const objectiveMs = isObject(latency) ? (latency["objectiveMs"] ?? null) : null;
  return { objectiveMs, costUsdPerHour: metrics["costUsdPerHour"] ?? null };
}

/** A page of decisions as JSON. */
export interface DecisionPage {
  readonly items: readonly Json[];
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
}

/** Which decisions, and in which order. */
export interface DecisionQuery {
  /** Number of a record; ascending pages start with it, descending ones end before it. */
  readonly cursor: number | null;
  readonly limit: number;
  readonly order: "asc" | "desc";
}

/**
 * Reads decisions, `measured` filled in from the window after each.
 * @throws {StoreError} when the log is damaged
 */
export async function readDecisions(log: AppendLog, query: DecisionQuery): Promise<DecisionPage> {
  const { length } = log;
  const from =
    query.order === "asc"
      ? Math.min(query.cursor ?? 0, length)
      : Math.max(0, Math.min(query.cursor ?? length, length) - query.limit);
  const to = query.order === "asc" ? Math.min(length, from + query.limit) : Math.min(query.cursor ?? length, length);
  const entries = await log.read(from, to - from + LOOKAHEAD);
  const items = entries.slice(0, Math.max(0, to - from)).map(({ record }, i) => {
    if (!isObject(record)) throw new StoreError(`decision ${from + i}: expected an object, found another value`);
    const later = entries.slice(i + 1).map((entry) => measuredBy(entry.record));
    return { ...record, measured: record["measured"] ?? later.find((found) => found !== null) ?? null };
  });
  if (query.order === "asc") return { items, next: to < length ? to : null };
  return { items: items.reverse(), next: from > 0 ? from : null };
}
