import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ActionMask } from "../../agents/action-mask.ts";
import { featureValues } from "../../agents/network-features.ts";
import { loadNetworkPolicy, networkPolicy } from "../../agents/network-policy.ts";
import { type AgentContext, CheckpointError, type Policy, type PolicySpec } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { initialNetwork, networkFromJson, networkSchema, ordinalBasis } from "../../src/networks/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { policySpecSchema } from "../../src/store/index.ts";
import { bowl, contextOf, knob, stateOf } from "../contracts/agent.ts";

const space = knobLattice(
  [knob("maxBatchSize", [1, 2, 4]), knob("maxBatchDelayMs", [0, 10, 20])],
  (configuration) => configuration["maxBatchSize"] !== 1 || configuration["maxBatchDelayMs"] === 0,
);
const context: AgentContext = {
  ...contextOf({ ...bowl, space }, 3),
  space,
  initial: { maxBatchSize: 1, maxBatchDelayMs: 0 },
};

function policyOf(seed: number, steps: number): Policy {
  const network = initialNetwork(
    {
      inputs: 8 + space.knobs.length,
      hidden: [6],
      outputs: 4,
      basis: ordinalBasis([3, 3]),
      ...(steps === 0 ? {} : { sequence: { steps, inputs: 6 + space.knobs.length, units: 3 } }),
    },
    new SeededRandom(seed),
  );
  return networkPolicy("ppo", context, network, new ActionMask(space), { steps: 0, episodes: 0, meanReward: null });
}

const states = Array.from({ length: 200 }, (_, i) => {
  const random = new SeededRandom(i);
  const history = stateOf(bowl, { maxBatchSize: 2, maxBatchDelayMs: 0 }, 500 * random.next(), [], random).history;
  return stateOf(bowl, { maxBatchSize: 4, maxBatchDelayMs: 10 }, 500 * random.next(), history, random);
});

/** The five steps of docs/policy-networks.md, from the JSON alone. */
function actedByHand(spec: PolicySpec, values: readonly number[]): Record<string, unknown> {
  const { network, mask } = spec.parameters as {
    network: { layers: { activation: string; kernel: number[][]; bias: number[] }[] };
    mask: number[][][];
  };
  let x = spec.features.map(({ transform, offset, scale }, i) => {
    const value = values[i] ?? 0;
    return ((transform === "log1p" ? Math.log1p(Math.max(0, value)) : value) - offset) / scale;
  });
  for (const { activation, kernel, bias } of network.layers) {
    const sums = bias.map((b, j) => x.reduce((sum, value, i) => sum + value * (kernel[i]?.[j] ?? 0), b));
    x = activation === "tanh" ? sums.map(Math.tanh) : sums;
  }
  let state = 0;
  let from = 0;
  const chosen: Record<string, unknown> = {};
  spec.knobs.forEach(({ name, values: offered }, k) => {
    const next = mask[k]?.[state] ?? [];
    const open = next.flatMap((to, j) => (to >= 0 ? [j] : []));
    const best = open.reduce((a, b) => ((x[from + b] ?? 0) > (x[from + a] ?? 0) ? b : a));
    chosen[name] = offered[best];
    state = next[best] ?? 0;
    from += offered.length;
  });
  return chosen;
}

test("what the documentation says, done by hand from the JSON, is what the policy does", () => {
  const policy = policyOf(1, 0);
  const spec = policySpecSchema.parse(JSON.parse(JSON.stringify(policy.toJSON())));
  const found = new Set<string>();
  for (const state of states) {
    const acted = policy.act(state);
    expect(actedByHand(spec, featureValues(space, state))).toEqual(acted);
    found.add(JSON.stringify(acted));
  }
  expect(found.size).toBeGreaterThan(1);
});

test("features are in the table at the top of the file that computes them", () => {
  const [head = ""] = readFileSync(join(__dirname, "../../agents/network-features.ts"), "utf8").split("\nimport ");
  for (const { name } of policyOf(1, 0).toJSON().features) {
    expect(head).toContain(`| ${name.replace(/\..*/, ".<knob>")} `);
  }
});

test("a recurrent policy read back from its spec acts alike, and remembers through the history alone", () => {
  const policy = policyOf(2, 4);
  const loaded = loadNetworkPolicy("ppo", context, JSON.parse(JSON.stringify(policy.toJSON())));
  for (const state of states) expect(loaded.act(state)).toEqual(policy.act(state));
});

test("a spec of other knobs, another network or another kind is refused, with what was expected", () => {
  const spec = policyOf(1, 0).toJSON();
  const other = contextOf(bowl, 3);
  expect(() => loadNetworkPolicy("ppo", other, spec)).toThrow(/policy knobs: expected/);
  expect(() => loadNetworkPolicy("dqn", context, spec)).toThrow(/policy kind: expected dqn, found ppo/);
  expect(() => loadNetworkPolicy("ppo", context, { ...spec, seed: 9 })).toThrow(CheckpointError);
});

test("a network of the wrong width is refused before it acts", () => {
  const { parameters } = policyOf(1, 0).toJSON();
  const { network } = parameters as { network: unknown };
  const parsed = networkSchema.parse(network);
  expect(() => networkFromJson({ ...parsed, inputs: 3 })).toThrow(/expected shape \[3, 6\], found \[10, 6\]/);
});
