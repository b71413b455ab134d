import { join } from "node:path";
import { agents, findAgent } from "../../agents/index.ts";
import { agentContext, openScenario } from "../../environments/index.ts";
import { exporters, loadPolicyJson } from "../../src/export/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";
import { train } from "../../src/training/index.ts";

const OBSERVATIONS = 1000;
const scenario = join(__dirname, "..", "fixtures", "tiny-fleet.yaml");
const openTiny = () => openScenario(scenario, { dataFolder: null });

test("formats are distinct, and each says what it is in one line", () => {
  expect(new Set(exporters.map((exporter) => exporter.format)).size).toBe(exporters.length);
  for (const exporter of exporters) expect(exporter.summary).toMatch(/^.{10,100}$/);
});

for (const agent of ["q-table", "region-q"]) {
  test(`json: a loaded ${agent} policy acts as the one exported on ${OBSERVATIONS} sampled observations`, async () => {
    const open = await openTiny();
    const { spec } = await train(open, { agent, seed: 1, episodes: 1 });
    const context = agentContext(open, new SeededRandom(9), 9, createOptimizer("mark"));
    const original = findAgent(agent).load(context, spec);
    const text = String(exporters.find((exporter) => exporter.format === "json")?.export(spec));
    const loaded = loadPolicyJson(text, context, findAgent);
    const random = new SeededRandom(10);
    const seen = new Set<string>();
    for (let i = 0; i < OBSERVATIONS; i++) {
      const observation = open.observationSpace.sample(random);
      const action = original.act(observation);
      expect(loaded.act(observation)).toEqual(action);
      seen.add(JSON.stringify(action));
    }
    expect(seen.size).toBeGreaterThan(1);
    expect(loaded.toJSON()).toEqual(original.toJSON());
  });
}

test("json: one changed character of the policy is noticed", async () => {
  const open = await openTiny();
  const { spec } = await train(open, { agent: "q-table", seed: 1, episodes: 1 });
  const context = agentContext(open, new SeededRandom(9), 9, createOptimizer("mark"));
  const text = String(exporters[0]?.export(spec));
  expect(() => loadPolicyJson(text.replace('"seed":1', '"seed":2'), context, findAgent)).toThrow(/sha256: expected/);
  expect(() => loadPolicyJson(text.slice(0, -10), context, findAgent)).toThrow(/expected JSON/);
  expect(() => loadPolicyJson('{"format":"other"}', context, findAgent)).toThrow(/format: expected/);
});

test("the registry that policies are loaded from has no two agents of a name", () => {
  expect(new Set(agents.map((agent) => agent.name)).size).toBe(agents.length);
});
