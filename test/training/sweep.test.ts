import type { PolicyScore } from "../../src/training/index.ts";
import { cheapestPassing, sweep, sweptNames } from "../../src/training/sweep.ts";
import { machines, problem } from "../optimizers/problems.ts";

const { lattice } = problem(machines);

function score(name: string, usd: number, hoursMissed: number): PolicyScore {
  return {
    name,
    usd,
    usdPerMillion: usd,
    costToBound: null,
    slo: [],
    met: hoursMissed === 0,
    hoursMissed,
    latencyMs: { mean: 0, p50: 0, p95: 0, p99: 0 },
    offloadedShare: 0,
    dropped: 0,
    instanceHours: {},
    periods: { lengthS: 3600, costs: [] },
    decisions: 0,
    decisionMicros: { p50: 0, p99: 0 },
  };
}

test("a sweep shows the cheapest setting that met its SLO, not the cheapest of all", () => {
  expect(cheapestPassing([score("a", 1, 3), score("b", 5, 0), score("c", 4, 0)]).name).toBe("c");
});

test("where no setting met its SLO, the one that missed the fewest hours is shown, the cheaper at a tie", () => {
  expect(cheapestPassing([score("a", 1, 3), score("b", 9, 2), score("c", 8, 2)]).name).toBe("c");
});

test("optimizers with settings worth trying are expanded, everything else is left as asked", () => {
  expect(sweptNames("static-best", lattice).length).toBeGreaterThan(2);
  expect(new Set(sweptNames("static-best", lattice)).size).toBe(sweptNames("static-best", lattice).length);
  expect(sweptNames("static", lattice)).toEqual(["static"]);
  expect(sweptNames("mark:overprovision=1.3", lattice)).toEqual(["mark:overprovision=1.3"]);
  expect(sweptNames("t1", lattice)).toEqual(["t1"]);
});

/** A sweep over settings whose cost and missed hours on each seed are given, with the runs it asked for. */
async function swept(table: Readonly<Record<string, readonly (readonly [usd: number, missed: number])[]>>) {
  const asked: string[] = [];
  const runs = await sweep({
    sources: Object.keys(table),
    seeds: [1, 2, 3],
    run: async (name, seed, untilMiss) => {
      asked.push(`${name}${seed}${untilMiss ? " until it misses" : ""}`);
      return { name, seed };
    },
    score: (ran) => {
      const cells = ran.map(({ name, seed }) => table[name]?.[seed - 1] ?? [0, 0]);
      const missed = cells.reduce((sum, [, hours]) => sum + hours, 0);
      return score(ran[0]?.name ?? "", cells.reduce((sum, [usd]) => sum + usd, 0) / cells.length, missed);
    },
    all: (tasks, of) => Promise.all(tasks.map(of)),
  });
  return { asked, chosen: runs.map(({ name, seed }) => `${name}${seed}`) };
}

test("settings that pass on the first seed go on, the cheapest first, until one passes on all", async () => {
  const { asked, chosen } = await swept({
    failing: [[1, 1]],
    dear: [
      [9, 0],
      [9, 0],
      [9, 0],
    ],
    brittle: [
      [4, 0],
      [4, 2],
      [4, 0],
    ],
    sound: [
      [5, 0],
      [6, 0],
      [5, 0],
    ],
  });
  expect(chosen).toEqual(["sound1", "sound2", "sound3"]);
  expect(asked.slice(0, 4)).toEqual(["failing", "dear", "brittle", "sound"].map((name) => `${name}1 until it misses`));
  expect(asked.slice(4)).toEqual(["brittle2", "brittle3", "sound2", "sound3"]);
});

test("where no setting passes, all are run to the end, and the one that misses least on every seed", async () => {
  const { asked, chosen } = await swept({ worse: [[1, 5]], better: [[2, 3]] });
  expect(chosen).toEqual(["better1", "better2", "better3"]);
  expect(asked.slice(2)).toEqual(["worse1", "better1", "better2", "better3"]);
});

test("a single setting has no rival to be out for, and runs to the end at once", async () => {
  const { asked } = await swept({ only: [[1, 5]] });
  expect(asked).toEqual(["only1", "only2", "only3"]);
});
