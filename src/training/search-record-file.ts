// Runs kept between benchmarks: one file per problem, method and seed, named by all that the run depends on.
//
// That is the problem as the method meets it (its truth's key and what an agent's context holds), the budget, the seed,
// and the code: the method's own module, the run loop and everything these import.

import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { sha256Of } from "../spaces/index.ts";
import { codeFingerprint, compiledEntry, writeFileAtomically } from "../store/index.ts";
import type { SearchProblem } from "./search-problem.ts";
import type { SearchRecord } from "./search-run.ts";
import { type TruthEffort, truthKey } from "./search-truth.ts";

const passColumns = z.object({
  phase: z.array(z.number().int()),
  tried: z.array(z.number().int()),
  share: z.array(z.number()),
  measuredMs: z.array(z.number()),
  kept: z.array(z.number().int()),
});

const recordSchema = z.object({
  passes: passColumns,
  trials: z.number().int(),
  notices: z.array(z.object({ pass: z.number().int(), text: z.string() })),
  decisionMicros: z.array(z.number()),
  planMicros: z.array(z.number()),
});

/** Where the module of a method may be, by its name. */
const MODULE_FOLDERS = ["agents", "src/optimizers/search", "src/optimizers"];

/** What runs every method, and what makes them all. */
const RUN_LOOP = "src/training/search-run.ts";
const MAKER = "src/training/search-algorithms.ts";

async function moduleOf(name: string): Promise<string[]> {
  for (const folder of MODULE_FOLDERS) {
    const path = compiledEntry(`${folder}/${name}.ts`);
    const found = await stat(path).then(
      () => true,
      () => false,
    );
    if (found) return [path];
  }
  return [];
}

const fingerprints = new Map<string, Promise<string>>();

/** Digest of the code behind a method, such as "region-sim:residual=gp". */
function fingerprintOf(algorithm: string): Promise<string> {
  const name = algorithm.split(":")[0] ?? algorithm;
  const known = fingerprints.get(name);
  if (known !== undefined) return known;
  const made = moduleOf(name).then((own) =>
    codeFingerprint({ whole: [...own, compiledEntry(RUN_LOOP)], alone: [compiledEntry(MAKER)] }),
  );
  fingerprints.set(name, made);
  return made;
}

/** The identity of a problem as a method meets it. */
export function problemKey(problem: SearchProblem, effort: TruthEffort): string {
  const { scenario, profilePoints } = problem.open;
  return sha256Of({ truth: truthKey(problem, effort), scenario, profilePoints });
}

/** One run to be made or found. */
export interface KeptRun {
  readonly algorithm: string;
  readonly seed: number;
  /** Keys of the problems it goes through, and how long each lasts. */
  readonly phases: readonly { readonly key: string; readonly windows: number }[];
}

function columns(passes: SearchRecord["passes"]): z.input<typeof passColumns> {
  return {
    phase: passes.map((pass) => pass.phase),
    tried: passes.map((pass) => pass.tried),
    share: passes.map((pass) => pass.share),
    measuredMs: passes.map((pass) => pass.measuredMs),
    kept: passes.map((pass) => pass.kept),
  };
}

/** @throws when the text is no kept run */
function readRecord(text: string): SearchRecord {
  const { passes, ...rest } = recordSchema.parse(JSON.parse(text));
  return {
    ...rest,
    passes: passes.tried.map((tried, i) => ({
      tried,
      phase: passes.phase[i] ?? 0,
      share: passes.share[i] ?? 1,
      measuredMs: passes.measuredMs[i] ?? Number.NaN,
      kept: passes.kept[i] ?? -1,
    })),
  };
}

/** A run: read where it is known, made and kept where not. */
export async function keptRecord(run: KeptRun, folder: string, make: () => SearchRecord): Promise<SearchRecord> {
  const path = join(folder, `${sha256Of({ version: 1, code: await fingerprintOf(run.algorithm), ...run })}.json`);
  const kept = await readFile(path, "utf8")
    .then(readRecord)
    .catch(() => null);
  if (kept !== null) return kept;
  const record = make();
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(path, JSON.stringify({ ...record, passes: columns(record.passes) }));
  return record;
}
