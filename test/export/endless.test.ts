// A policy of a scenario that is all but endless is exported too: what is watched of it is bounded.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAgent } from "../../agents/index.ts";
import { agentContext, openScenario } from "../../environments/index.ts";
import { exportPolicy, findExporter } from "../../src/export/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";

test("three years of arrivals are not all drawn to watch a policy", async () => {
  const folder = mkdtempSync(join(tmpdir(), "trimtab-endless-"));
  const path = join(folder, "endless.yaml");
  const tiny = readFileSync(join(__dirname, "..", "fixtures", "tiny-batches.yaml"), "utf8");
  writeFileSync(path, tiny.replace("durationS: 7200", "durationS: 100000000"));
  const open = await openScenario(path, { dataFolder: null });
  const context = agentContext(open, new SeededRandom(1), 1, createOptimizer("mark"));
  const spec = createAgent("region-q", context).policy().toJSON();
  const [exported] = await exportPolicy(open, spec, [findExporter("json")]);
  expect(exported?.fidelity).toMatchObject({ exact: true, agreement: 1, observations: 256 });
  rmSync(folder, { recursive: true });
});
