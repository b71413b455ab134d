// Where nothing can serve the load: as much as may run, and no more than the limits allow.

import { mostThatMayRun } from "../../src/optimizers/index.ts";
import { fleet, host, machines, problem } from "./problems.ts";

test("servers are raised as far as they go when all of them do not suffice", () => {
  // Sixty machines carry 60 · 4.76 = 286 requests/s.
  const reached = mostThatMayRun(problem(machines, { rateRps: 1000 }));
  expect(reached).toEqual({ "instances.c5.large.onDemand": 60 });
});

test("no further than the budget: at 0.085 USD/h each, 23 machines cost 1.955", () => {
  const reached = mostThatMayRun(problem(machines, { rateRps: 1000, limits: { usdPerHour: 2 } }));
  expect(reached).toEqual({ "instances.c5.large.onDemand": 23 });
});

test("no further than the load, and never down", () => {
  // Ten machines carry 47.6 requests/s, eleven 52.4.
  expect(mostThatMayRun(problem(machines, { rateRps: 50 }))).toEqual({ "instances.c5.large.onDemand": 11 });
  expect(mostThatMayRun(problem(machines, { rateRps: 1 }))).toEqual({ "instances.c5.large.onDemand": 10 });
});

test("of several kinds those that carry most for their price come first, and GPUs stay within their limit", () => {
  const reached = mostThatMayRun(problem(fleet, { rateRps: 1e6, limits: { gpus: 2 } }));
  expect(reached).toMatchObject({
    "instances.c5.large.onDemand": 60,
    "instances.c5.large.spot": 60,
    "instances.g4dn.xlarge.onDemand": 2,
  });
});

test("on one machine model instances are raised as far as the cores go", () => {
  const { concurrency } = mostThatMayRun(problem(host, { rateRps: 1e6 }));
  expect(concurrency).toBeGreaterThan(2);
});
