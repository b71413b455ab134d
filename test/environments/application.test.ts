import { application, applicationNamed } from "../../environments/application.ts";
import { openScenario } from "../../environments/index.ts";
import { UnknownNameError } from "../../src/core/index.ts";

const NUMBERS = Array.from({ length: 24 }, (_, n) => n);

test("every application opens, and no two are alike", async () => {
  const opened = await Promise.all(NUMBERS.map((n) => openScenario(application(n), { dataFolder: null })));
  const told = opened.map(({ scenario }) => JSON.stringify([scenario.workload, scenario.slo, scenario.models]));
  expect(new Set(told).size).toBe(NUMBERS.length);
  expect(new Set(opened.map(({ lattice }) => JSON.stringify(lattice.knobs))).size).toBe(1);
});

test("the initial machines carry more than the mean rate", async () => {
  for (const n of NUMBERS) {
    const { model, initial, plan } = await openScenario(application(n), { dataFolder: null });
    const machines = Number(initial["instances.c5.large.onDemand"]);
    const carriedRps = machines * model.capacityRps("c5.large", initial);
    expect(carriedRps).toBeGreaterThan(plan.workload.meanRateRps);
  }
});

test("the same number is always the same application, by its name too", () => {
  expect(application(7)).toEqual(applicationNamed("application-7"));
  expect(() => applicationNamed("image-mmpp")).toThrow(UnknownNameError);
});
