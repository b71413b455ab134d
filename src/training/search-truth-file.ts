// Truths kept between runs: one file per problem, named by what the truth depends on, outside the project.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { SeededRandom } from "../math/index.ts";
import { writeFileAtomically } from "../store/index.ts";
import type { SearchProblem } from "./search-problem.ts";
import { computeTruth, type SearchTruth, type TruthEffort, truthKey } from "./search-truth.ts";

/** Fixes the arrivals and service times the truth is simulated on. */
const TRUTH_SEED = 20_260_801;

const truthSchema = z.object({
  latencyMs: z.array(z.number()),
  costUsdPerHour: z.array(z.number()),
  optimum: z.number().int(),
  refined: z.number().int(),
});

/** The truth of a problem: read where it is known, simulated and kept where not. */
export async function truthOf(problem: SearchProblem, effort: TruthEffort, folder: string): Promise<SearchTruth> {
  const path = join(folder, `${truthKey(problem, effort)}.json`);
  const kept = await readFile(path, "utf8").then(
    (text) => truthSchema.safeParse(JSON.parse(text)),
    () => null,
  );
  if (kept?.success === true && kept.data.latencyMs.length === problem.configurations.length) return kept.data;
  const truth = computeTruth(problem, new SeededRandom(TRUTH_SEED).split(problem.name), effort);
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(path, JSON.stringify(truth));
  return truth;
}
