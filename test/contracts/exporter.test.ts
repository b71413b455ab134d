import { join } from "node:path";
import { agents, findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario, openScenario } from "../../environments/index.ts";
import type { PolicySpec } from "../../src/core/index.ts";
import {
  exporters,
  exportPolicy,
  exportSource,
  findExporter,
  loadPolicyJson,
  verifyExport,
} from "../../src/export/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";
import { packageRoot, readCheckpoint } from "../../src/store/index.ts";
import { train } from "../../src/training/index.ts";
import { describeExports } from "./exporter.ts";

const scenario = join(__dirname, "..", "fixtures", "tiny-batches.yaml");
const openTiny = (): Promise<OpenScenario> => openScenario(scenario, { dataFolder: null });

async function trained(agent: string): Promise<{ open: OpenScenario; spec: PolicySpec }> {
  const open = await openTiny();
  return { open, spec: (await train(open, { agent, seed: 1, episodes: 1 })).spec };
}

const solves = /expected a policy that needs no performance model to act, found one that solves with it/;

describeExports(exporters, {
  name: "a policy of load levels",
  make: () => trained("region-q"),
  observations: 1000,
  refused: { tfjs: /expected a network, found load levels; export them as javascript/ },
});

describeExports(exporters, {
  name: "an optimizer",
  make: () => trained("mark"),
  observations: 100,
  refused: { javascript: solves, python: solves, go: solves, onnx: solves, tfjs: solves, "ray-serve": solves },
});

describeExports(exporters, {
  name: "a network",
  make: () => trained("ppo"),
  observations: 100,
  refused: { "ray-serve": /expected a policy that looks at arrivals alone, found a network/ },
});

// Its table is distilled like an optimizer's, only slower.
describeExports(["json", "javascript", "python", "go", "onnx"].map(findExporter), {
  name: "a fleet's learnt rules",
  make: async () => {
    const path = join(packageRoot(), "checkpoints", "reference", "image-diurnal.region-fleet.checkpoint");
    const open = await openScenario("image-diurnal", { dataFolder: null });
    return { open, spec: (await readCheckpoint(path)).spec };
  },
  observations: 100,
  refused: { onnx: /expected a policy of load levels or a network, found a fleet's rules/ },
});

test("formats are distinct, and each says what it is in one line", () => {
  expect(new Set(exporters.map((exporter) => exporter.format)).size).toBe(exporters.length);
  for (const exporter of exporters) expect(exporter.summary).toMatch(/^.{10,100}$/);
});

test("json: one changed character of the policy is noticed", async () => {
  const { open, spec } = await trained("q-table");
  const context = agentContext(open, new SeededRandom(9), 9, createOptimizer("mark"));
  const [exported] = await exportPolicy(open, spec, [findExporter("json")]);
  const text = String(exported?.files[0].content);
  expect(loadPolicyJson(text, context, findAgent).toJSON()).toEqual(spec);
  expect(() => loadPolicyJson(text.replace('"seed":1', '"seed":2'), context, findAgent)).toThrow(/sha256: expected/);
  expect(() => loadPolicyJson(text.slice(0, -10), context, findAgent)).toThrow(/expected JSON/);
  expect(() => loadPolicyJson('{"format":"other"}', context, findAgent)).toThrow(/format: expected/);
});

test("an export that does not act as its policy is noticed", async () => {
  const { open, spec } = await trained("region-q");
  const source = exportSource(open, spec);
  const exporter = findExporter("javascript");
  const [file] = await exporter.export(source);
  const other = String(file?.content).replace("candidate.level >= level", "candidate.level > level");
  const random = new SeededRandom(10);
  const observations = Array.from({ length: 100 }, () => open.observationSpace.sample(random));
  const verified = verifyExport(exporter, [{ name: "policy.mjs", content: other }], source, observations);
  await expect(verified).rejects.toThrow(/javascript: expected the policy's own configuration on 100 held-out/);
});

test("the registry that policies are loaded from has no two agents of a name", () => {
  expect(new Set(agents.map((agent) => agent.name)).size).toBe(agents.length);
});
