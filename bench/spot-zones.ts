// A spot market of zones, each lost as a whole: recorded preemptions of one machine a zone stand for all machines there.
//
// capacity(t) = machines a zone · zones whose recorded machine runs at t, the record repeated end to end
// Source: github.com/skypilot-org/spot-traces; Z. Wu et al., "Can't Be Late", NSDI 2024.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { TraceError } from "../src/core/index.ts";
import type { CapacityTrace } from "../src/simulator/index.ts";
import { findDataFile } from "../src/store/index.ts";

const FILE = "skypilot-spot-traces/traces_rle.json.gz";
/** CPU machines of one region, over the same six days. */
const ZONES = ["us-east-1b", "us-east-1c", "us-east-1d"].map(
  (zone) => `preemption/1-node/aws-04-19-2023/${zone}_intel_64.json`,
);

const recordSchema = z.object({
  metadata: z.object({ gap_seconds: z.number().positive() }),
  rle: z.array(z.tuple([z.number().min(0).max(1), z.number().int().positive()])).min(1),
});

/** When a zone's machine runs. */
export interface ZoneRecord {
  readonly gapS: number;
  /** Whether it runs, and over how many gaps. */
  readonly runs: readonly (readonly [number, number])[];
}

/** The market of zones that repeat their records until `untilS`. */
export function capacityOfZones(zones: readonly ZoneRecord[], perZone: number, untilS: number): CapacityTrace {
  const changes = zones.flatMap(({ gapS, runs }) => {
    const all: { readonly atS: number; readonly machines: number }[] = [];
    let atS = 0;
    let up = 0;
    while (atS < untilS) {
      for (const [running, gaps] of runs) {
        if (running !== up && atS < untilS) all.push({ atS, machines: (running - up) * perZone });
        up = running;
        atS += gaps * gapS;
      }
    }
    return all;
  });
  changes.sort((a, b) => a.atS - b.atS);
  const steps: { fromS: number; machines: number }[] = [{ fromS: 0, machines: 0 }];
  for (const { atS, machines } of changes) {
    const last = steps.at(-1);
    if (last !== undefined && last.fromS === atS) last.machines += machines;
    else steps.push({ fromS: atS, machines: (last?.machines ?? 0) + machines });
  }
  return steps;
}

/** Reads the zones' records. @throws {TraceError} when they are missing or damaged: says where they were looked for */
export async function readZones(dataFolder: string | null): Promise<ZoneRecord[]> {
  const { path, places, advice } = await findDataFile(FILE, { baseFolder: process.cwd(), dataFolder });
  if (path === null) throw new TraceError(`${FILE}: expected at ${places.join(" or ")}, found nothing; ${advice}`);
  const all: unknown = JSON.parse(gunzipSync(await readFile(path)).toString());
  const read = z.record(z.string(), z.unknown()).parse(all);
  return ZONES.map((name) => {
    const parsed = recordSchema.safeParse(read[name]);
    if (!parsed.success) throw new TraceError(`${join(path, name)}: ${parsed.error.issues[0]?.message ?? "damaged"}`);
    return { gapS: parsed.data.metadata.gap_seconds, runs: parsed.data.rle };
  });
}
