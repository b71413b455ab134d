// The adapter contract over the simulated cluster, and the rule that every adapter of the registry is held to it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { adapters, findAdapter } from "../../src/clusters/index.ts";
import { SimulatedCluster } from "../../src/clusters/simulated.ts";
import { UnknownNameError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knob, onePool, poisson } from "../simulator/plans.ts";
import { adapterContract } from "./adapter.ts";

const remembered =
  "a simulated cluster reads its own memory; lost and late reads are in test/clusters/simulated.test.ts";

adapterContract(
  "simulated",
  async () => {
    const plan = onePool(poisson(100, Number.POSITIVE_INFINITY), 2, () => 10, {
      knobs: [
        knob("instances.m.onDemand", [1, 2, 3]),
        knob("maxBatchSize", [1, 4], { actuation: "reload", actuationDelayS: 10 }),
      ],
      initial: { "instances.m.onDemand": 2, maxBatchSize: 1 },
    });
    const adapter = new SimulatedCluster({ plan, random: new SeededRandom(5) });
    const other = { "instances.m.onDemand": 3, maxBatchSize: 4 };
    const never = async () => async () => undefined;
    return { adapter, windowS: 10, other, failedReads: {}, deafen: never, close: () => adapter.close() };
  },
  { failedReads: remembered, deafen: "a simulated cluster does as it is told" },
);

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(folder, file), "utf8"));
}

test.each(adapters.map(({ name }) => name))("%s is held to the contract by a test", (name) => {
  const calls = testFiles(join(__dirname, "..")).filter((text) => text.includes(`adapterContract("${name}"`));
  expect(calls).toHaveLength(1);
});

test("adapters have distinct names in alphabetical order, and say what they are", () => {
  const names = adapters.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)].sort());
  for (const { summary } of adapters) expect(summary.length).toBeGreaterThan(10);
  expect(() => findAdapter("no-such-adapter")).toThrow(UnknownNameError);
});
