// Reference checkpoints: what an agent learnt before it shipped, so that a first start need not begin from nothing.

import { access } from "node:fs/promises";
import { join } from "node:path";
import type { OpenScenario } from "../../environments/index.ts";
import { type AgentSnapshot, canonicalJson } from "../core/index.ts";
import { packageRoot, readCheckpoint } from "../store/index.ts";

/** Where reference checkpoints stand, as `<scenario>.<agent>.checkpoint`. */
const REFERENCE_FOLDER = join("checkpoints", "reference");

/**
 * What the reference checkpoint of an agent on a scenario holds; null when none ships, or it is for other knobs.
 * @throws {CheckpointError} when the file is damaged
 */
export async function referenceSnapshot(agent: string, open: OpenScenario): Promise<AgentSnapshot | null> {
  const path = join(packageRoot(), REFERENCE_FOLDER, `${open.scenario.name}.${agent}.checkpoint`);
  const ships = await access(path).then(
    () => true,
    () => false,
  );
  if (!ships) return null;
  const { environment, spec, snapshot } = await readCheckpoint(path);
  const fits = environment === open.id && canonicalJson(spec.knobs) === canonicalJson(open.lattice.knobs);
  return fits && snapshot.agent === agent ? snapshot : null;
}
