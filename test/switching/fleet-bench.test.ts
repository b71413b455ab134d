import { benchFleet, type FleetContext, fleetContexts, geomeans } from "../../bench/fleet.ts";

const bound = { lpUsd: 1, integerLateUsd: 1, integerUsd: 1, clairvoyantUsd: 1 };

function context(name: string, rows: readonly (readonly [string, number | null, boolean])[]): FleetContext {
  const policies = rows.map(([policy, costToBound, met]) => ({
    name: policy,
    usdPerMillion: 1,
    costToBound,
    met,
    hoursMissed: met ? 0 : 1,
    decisionMicros: { p50: 1, p99: 2 },
  }));
  return { name, bound, policies, paired: [] };
}

test("one number a policy: the geometric mean of cost over the clairvoyant's", () => {
  const contexts = [context("a", [["mark", 2, true]]), context("b", [["mark", 8, true]])];
  expect(geomeans(contexts)["mark"]).toBeCloseTo(4, 12);
});

test("a policy that missed the SLO somewhere has none", () => {
  const contexts = [context("a", [["mark", 2, true]]), context("b", [["mark", 0.5, false]])];
  expect(geomeans(contexts)).toEqual({ mark: null });
});

test("an unknown context is refused before anything runs, the known ones named", async () => {
  const options = {
    policies: ["mixed"],
    seeds: [1],
    dataFolder: null,
    cacheFolder: null,
    workers: 1,
    onProgress: () => {},
  };
  await expect(benchFleet({ ...options, contexts: ["mmpp", "moon"] })).rejects.toThrow(
    /expected one of tw1-cpu.*found "moon"/,
  );
});

test("a context on a trace says where the trace is looked for when it is missing", async () => {
  const options = {
    policies: ["mixed"],
    seeds: [1],
    dataFolder: null,
    cacheFolder: null,
    workers: 1,
    onProgress: () => {},
  };
  expect(fleetContexts).toContain("tw1-cpu");
  await expect(benchFleet({ ...options, contexts: ["tw1-cpu"] })).rejects.toThrow(/TRIMTAB_DATA/);
});
