// Bounds take longer than policies: what decides them is hashed, and the same content is not computed twice.
//
// key = sha256(scenario, its data files, seed, the code that simulates and bounds)

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { LoadedScenario, OpenScenario } from "../environments/index.ts";
import { canonicalJson } from "../src/core/index.ts";
import { findDataFile, packageRoot, writeFileAtomically } from "../src/store/index.ts";
import { type Bounds, type BoundsOf, boundsOf } from "../src/training/index.ts";

/** Code that decides a bound: folders, and single files. */
const CODE = [
  "environments",
  "src/catalogue",
  "src/clusters",
  "src/core",
  "src/guards",
  "src/math",
  "src/performance",
  "src/profiles",
  "src/simulator",
  "src/spaces",
  "src/training/bounds",
  "src/training/episode.js",
  "src/training/evaluation-environment.js",
  "src/training/scorecard.js",
  "src/workload",
];

const boundsSchema = z.strictObject({
  lpUsd: z.number().nullable(),
  integerLateUsd: z.number().nullable(),
  integerUsd: z.number().nullable(),
  clairvoyantUsd: z.number().nullable(),
  note: z.string().exactOptional(),
});

async function scriptsIn(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files
    .filter((file) => file.endsWith(".js"))
    .sort()
    .map((file) => join(folder, file));
}

async function codeHash(): Promise<string> {
  const hash = createHash("sha256");
  for (const part of CODE) {
    const path = join(packageRoot(), "dist", part);
    const files = part.endsWith(".js") ? [path] : await scriptsIn(path);
    for (const file of files) hash.update(await readFile(file));
  }
  return hash.digest("hex");
}

/** Every text of a document. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** Hash of every data file a scenario names. */
async function dataHash({ scenario, folder }: LoadedScenario, dataFolder: string | null): Promise<string> {
  const hash = createHash("sha256");
  for (const text of textsOf([scenario.workload, scenario.models, scenario.markets])) {
    const { path } = await findDataFile(text, { baseFolder: folder, dataFolder });
    const content = path === null ? null : await readFile(path).catch(() => null);
    if (content !== null) hash.update(text).update(content);
  }
  return hash.digest("hex");
}

/** What was kept under a name; null where there is nothing, or nothing that can be read. */
async function known(path: string): Promise<Bounds | null> {
  try {
    const parsed = boundsSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * Bounds of one scenario that are computed once and kept.
 * @param cacheFolder null for computing them every time
 */
export async function keptBounds(
  loaded: LoadedScenario,
  dataFolder: string | null,
  cacheFolder: string | null,
): Promise<BoundsOf> {
  if (cacheFolder === null) return boundsOf;
  const folder = join(cacheFolder, "bounds");
  const content = [canonicalJson(loaded.scenario), await dataHash(loaded, dataFolder), await codeHash()];
  return async (open: OpenScenario, seed: number) => {
    const key = createHash("sha256")
      .update(canonicalJson([...content, seed]))
      .digest("hex");
    const path = join(folder, `${key}.json`);
    const found = await known(path);
    if (found !== null) return found;
    const bounds = await boundsOf(open, seed);
    await mkdir(folder, { recursive: true });
    await writeFileAtomically(path, `${JSON.stringify(bounds)}\n`);
    return bounds;
  };
}
