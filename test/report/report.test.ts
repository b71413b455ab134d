// The report of an evaluation: self-contained, escaped, and true to the figures it is given.

import { join } from "node:path";
import { openScenario } from "../../environments/index.ts";
import { ccdfOf } from "../../src/report/ccdf.ts";
import { reportPage } from "../../src/report/index.ts";
import { html } from "../../src/report/markup.ts";
import { timeTicks } from "../../src/report/time-axis.ts";
import { evaluate, type PolicyRun } from "../../src/training/index.ts";

async function page(): Promise<string> {
  const open = await openScenario(join(__dirname, "..", "fixtures", "tiny-fleet.yaml"), { dataFolder: null });
  const runs: PolicyRun[] = [];
  const options = { policies: ["static", "reactive"], seeds: [1, 2], bound: true, nowMs: () => 0 };
  const evaluation = await evaluate(open, { ...options, onRun: (run) => runs.push(run) });
  expect(runs.map(({ name, seed }) => `${name} ${seed}`).sort()).toEqual([
    "reactive 1",
    "reactive 2",
    "static 1",
    "static 2",
  ]);
  return reportPage({
    evaluation,
    runs,
    slos: open.objective.slo,
    curves: [{ name: "t1", seed: 7, meanRewards: [-2, -1.5, -1.25] }],
    provenance: {
      command: "trimtab evaluate --scenario './a<b>.yaml'",
      version: "1.2.3",
      node: "20.0.0",
      machine: "test",
      madeAt: "2026-01-01T00:00:00.000Z",
      scenario: open.scenario,
      checkpoints: [{ path: "t1", agent: "region-q", seed: 7, policySha256: "ab".repeat(32), steps: 30, episodes: 3 }],
    },
  });
}

let text: string;
beforeAll(async () => {
  text = await page();
});

test("it asks nothing of a network and runs no script", () => {
  expect(text).toContain("default-src 'none'");
  expect(text).not.toMatch(/<script|<link|<img|src=|url\(|https?:/);
});

test("it holds every chart, the bounds, and a range over the seeds", () => {
  const titles = [...text.matchAll(/<title>([^<]+)<\/title>/g)].map((match) => match[1]);
  for (const title of ["Cost against SLO", "Load", "Cost", "Machines", "Learning curve"]) {
    expect(titles).toContain(title);
  }
  expect(titles.some((title) => title?.startsWith("Latency: share of requests"))).toBe(true);
  expect(text).toContain("clairvoyant");
  expect(text).toMatch(/\$[\d.]+ to \$[\d.]+/);
  expect(text).not.toMatch(/NaN|undefined|Infinity"/);
});

test("it says what to type to have it again, with markup in a name made harmless", () => {
  expect(text).toContain("trimtab evaluate --scenario &#39;./a&lt;b&gt;.yaml&#39;");
  expect(text).toMatch(/trimtab train --scenario \S+ --agent region-q --seed 7 --episodes 3 --out t1/);
  expect(text).toContain("intervalS:");
  expect(text).toContain("trimtab 1.2.3");
});

test("a template escapes what is put in, and keeps markup as it is", () => {
  expect(html`<b>${'<i>&"'}</b>${html`<u>x</u>`}${null}${[1, html`<br>`]}`.text).toBe(
    "<b>&lt;i&gt;&amp;&quot;</b><u>x</u>1<br>",
  );
});

test("the share above a latency falls from what the first bucket leaves to nothing", () => {
  const points = ccdfOf([
    [
      { upToMs: 10, count: 90 },
      { upToMs: 20, count: 5 },
    ],
    [{ upToMs: 40, count: 5 }],
  ]);
  expect(points).toEqual([
    { ms: 10, share: 0.1 },
    { ms: 20, share: 0.05 },
  ]);
});

test("ticks of time stand at round times, at most seven of them", () => {
  expect(timeTicks(0, 86_400)).toEqual([0, 21_600, 43_200, 64_800, 86_400]);
  for (const span of [50, 4000, 90_000, 1e6, 3e7]) expect(timeTicks(123, 123 + span).length).toBeLessThanOrEqual(7);
});
