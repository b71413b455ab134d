// Reads the JSON answer of a Prometheus range query for a request rate, such as sum(rate(requests_total[1m])).

import { readFile } from "node:fs/promises";
import { z } from "zod";
import { TraceError } from "../../core/index.ts";
import type { TimeSpan } from "../workload.ts";
import type { TraceData } from "./trace-data.ts";
import { shown } from "./trace-rows.ts";

const sample = z.tuple([z.number(), z.string()]);
const answerSchema = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("success"),
    data: z.object({
      resultType: z.literal("matrix"),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(sample) })),
    }),
  }),
  z.object({ status: z.literal("error"), error: z.string() }),
]);

/** Prometheus refuses range queries of more points than this per series. */
const MAX_POINTS = 11_000;

function spansOf(filled: Uint8Array, stepS: number): TimeSpan[] {
  const spans: TimeSpan[] = [];
  for (let i = 0; i < filled.length; i++) {
    if (filled[i]) continue;
    const from = i;
    while (i < filled.length && !filled[i]) i++;
    spans.push({ fromS: from * stepS, toS: i * stepS });
  }
  return spans;
}

/**
 * A range query's answer as rates. Several series are added up; steps without a sample are missing data, not zero.
 * @throws {TraceError} when it is not a successful range query, or a value is not a rate
 */
export function parsePrometheus(answer: unknown, source: string): TraceData {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join(".") || "answer";
    throw new TraceError(`${source}: ${path}: expected a range query's answer (matrix), found: ${issue?.message}`);
  }
  if (parsed.data.status === "error") {
    throw new TraceError(`${source}: expected status "success", found "error": ${parsed.data.error}`);
  }
  const series = parsed.data.data.result;
  const times = series.flatMap((one) => one.values.map(([timeS]) => timeS)).sort((a, b) => a - b);
  const firstS = times[0];
  if (firstS === undefined) throw new TraceError(`${source}: expected at least one sample, found none`);
  const gaps = times
    .slice(1)
    .map((timeS, i) => timeS - (times[i] ?? 0))
    .filter((gap) => gap > 1e-6);
  const stepS = gaps.reduce((least, gap) => Math.min(least, gap), Infinity);
  const bins = gaps.length === 0 ? 1 : Math.round(((times.at(-1) ?? firstS) - firstS) / stepS) + 1;
  if (bins > MAX_POINTS) {
    throw new TraceError(`${source}: expected at most ${MAX_POINTS} steps of one length, found ${bins}`);
  }
  const ratesRps = new Float64Array(bins);
  const filled = new Uint8Array(bins);
  series.forEach((one, s) => {
    one.values.forEach(([timeS, text], i) => {
      const bin = bins === 1 ? 0 : Math.round((timeS - firstS) / stepS);
      const rate = Number(text);
      if (!(Number.isFinite(rate) && rate >= 0)) {
        const path = `data.result.${s}.values.${i}`;
        throw new TraceError(`${source}: ${path}: expected a rate of at least 0, found ${shown(text)}`);
      }
      ratesRps[bin] = (ratesRps[bin] ?? 0) + rate;
      filled[bin] = 1;
    });
  });
  const binS = Number.isFinite(stepS) ? stepS : 1;
  return { kind: "rates", binS, ratesRps, missing: spansOf(filled, binS) };
}

/** @throws {TraceError} when the file is not the JSON of a successful range query */
export async function readPrometheus(path: string, source: string): Promise<TraceData> {
  let answer: unknown;
  try {
    answer = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new TraceError(`${source}: expected the JSON answer of a range query, found: ${found}`, { cause: error });
  }
  return parsePrometheus(answer, source);
}
