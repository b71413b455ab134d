// Minari opens the datasets a training writes, and TensorBoard's own reader its event files.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openScenario } from "../../environments/index.ts";
import { peers, provisioned, root, run } from "./peers-of-exports.ts";

test("both readers find the counts, spaces and rewards of the training", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trimtab-logs-"));
  const scenario = join(root, "test", "fixtures", "tiny-batches.yaml");
  const cli = join(root, "dist", "src", "cli", "main.js");
  const [events, datasets] = [join(folder, "events"), join(folder, "datasets")];
  const where = ["--tensorboard", events, "--minari", datasets, "--out", join(folder, "t1"), "--json"];
  await run("node", [
    cli,
    "train",
    "--scenario",
    scenario,
    "--agent",
    "region-q",
    "--seed",
    "3",
    "--episodes",
    "2",
    ...where,
  ]);
  const id = "trimtab/tiny-batches/region-q-seed3-v0";
  const runFolder = join(events, "tiny-batches", "region-q-seed3");
  expect(await readdir(runFolder)).toHaveLength(1);
  const script = [join(peers, "read_logs.py"), datasets, id, runFolder];
  const read = JSON.parse(await run(provisioned("exports", "bin", "python"), script));
  const { observationSpace, lattice, scenario: spec, intervalS } = await openScenario(scenario, { dataFolder: null });
  const steps = (spec.training.episodeS ?? 0) / intervalS - 1;
  expect(read).toMatchObject({
    episodes: 2,
    steps: 2 * steps,
    observationShape: [observationSpace.size],
    nvec: lattice.knobs.map(({ values }) => values.length),
    inSpace: true,
    observations: [steps + 1, steps + 1],
    truncated: [true, true],
  });
  const told: [number, number][] = read.scalars["rollout/ep_rew_mean"];
  expect(told.map(([step]) => step)).toEqual([steps, 2 * steps]);
  for (const [i, [, value]] of told.entries()) expect(value).toBeCloseTo(read.rewardSums[i], 3);
  await rm(folder, { recursive: true, force: true });
}, 120_000);
