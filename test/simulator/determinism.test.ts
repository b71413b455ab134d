// The same plan and seed give the same bytes, however time is cut and whichever loop runs.

import fc from "fast-check";
import { SeededRandom } from "../../src/math/index.ts";
import { Simulator } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { randomCases } from "./arbitrary-plan.ts";
import { functionPlan, IDEAL, onePool } from "./plans.ts";

test("the same seed gives the same observations and totals, to the byte", () => {
  fc.assert(
    fc.property(randomCases(300), ({ plan, seed, steps }) => {
      const play = (): string => {
        const simulator = new Simulator(plan, new SeededRandom(seed));
        const told: unknown[] = [];
        for (const { configuration, trial } of steps) {
          simulator.run(simulator.timeS + 3);
          told.push(simulator.observe());
          simulator.configure(configuration, trial);
        }
        simulator.run(70);
        return JSON.stringify([told, simulator.observe(), simulator.totals()]);
      };
      expect(play()).toBe(play());
    }),
    { numRuns: 100, seed: 5 },
  );
});

test("cutting time into pieces changes nothing", () => {
  fc.assert(
    fc.property(randomCases(300), fc.array(fc.double({ min: 0, max: 60, noNaN: true })), ({ plan, seed }, cuts) => {
      const whole = new Simulator(plan, new SeededRandom(seed));
      whole.run(60);
      const pieces = new Simulator(plan, new SeededRandom(seed));
      for (const cut of [...cuts].sort((a, b) => a - b)) pieces.run(cut);
      pieces.run(60);
      // Cost adds up in another order; everything else is the same.
      const { usd: wholeUsd, usdBySource: _, instanceHours: __, ...rest } = whole.totals();
      const { usd: piecesUsd, usdBySource: ___, instanceHours: ____, ...others } = pieces.totals();
      expect(JSON.stringify(others)).toBe(JSON.stringify(rest));
      expect(piecesUsd).toBeCloseTo(wholeUsd, 9);
    }),
    { numRuns: 100, seed: 6 },
  );
});

test("the plain loop and the general one give the same latencies", () => {
  fc.assert(
    fc.property(
      fc.record({
        machines: fc.integer({ min: 1, max: 5 }),
        concurrency: fc.integer({ min: 1, max: 3 }),
        maxBatchSize: fc.constantFrom(1, 2, 7),
        maxBatchDelayMs: fc.constantFrom(0, 3, 40),
        load: fc.double({ min: 0.1, max: 1.2, noNaN: true }),
        seed: fc.integer({ min: 0, max: 1_000_000 }),
      }),
      ({ machines, concurrency, maxBatchSize, maxBatchDelayMs, load, seed }) => {
        const rateRps = (load * machines * concurrency * 1000) / 12;
        const plain = onePool(poisson(rateRps, 2000 / rateRps), machines, (batch) => 10 + 2 * batch, {
          initial: { "instances.m.onDemand": machines, concurrency, maxBatchSize, maxBatchDelayMs },
          reality: { ...IDEAL, serviceCv: 0.5 },
        });
        // A function service that is never called rules the plain loop out.
        const general = { ...plain, function: functionPlan(() => 1) };
        const [first, second] = [plain, general].map((plan) => {
          const simulator = new Simulator(plan, new SeededRandom(seed));
          simulator.run(1000 / rateRps);
          simulator.configure({ maxBatchSize: 3 });
          simulator.run(4000 / rateRps);
          return JSON.stringify([simulator.totals(), simulator.observe().metrics.utilization]);
        });
        expect(second).toBe(first);
      },
    ),
    { numRuns: 200, seed: 8 },
  );
});
