// Ten lines: open a scenario, train the region agent, compare it with two rules, export it.

import { writeFile } from "node:fs/promises";
import { evaluate, exportPolicy, findExporter, openScenario, train, writeCheckpoint } from "trimtab";

const open = await openScenario("image-mmpp", { dataFolder: null });
const checkpoint = await train(open, { agent: "region-q", seed: 1, episodes: 1 });
await writeCheckpoint("region-q.checkpoint", checkpoint);
const policies = ["static", "mark", "region-q.checkpoint"];
const report = await evaluate(open, { policies, seeds: [11], bound: false, nowMs: () => performance.now() });
for (const { name, met, usd } of report.policies)
  console.log(name, met ? "met its SLO" : "missed its SLO", `$${usd.toFixed(2)}`);
const [exported] = await exportPolicy(open, checkpoint.spec, [findExporter("python")]);
await writeFile("policy.py", exported.files[0].content);
