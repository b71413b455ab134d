// The tight replay kernel and the simulator agree, request by request, on the same arrivals.

import fc from "fast-check";
import { SeededRandom } from "../../src/math/index.ts";
import { BatchQueue } from "../../src/simulator/batch-queue.ts";
import { Simulator } from "../../src/simulator/index.ts";
import { arrivalsAt, functionsOnly, IDEAL, onePool } from "./plans.ts";

const serviceMs = (batch: number): number => 7 + 3 * batch;

const cases = fc.record({
  gapsMs: fc.array(fc.double({ min: 0.01, max: 30, noNaN: true }), { minLength: 1, maxLength: 200 }),
  instances: fc.integer({ min: 1, max: 4 }),
  maxBatch: fc.constantFrom(1, 2, 5, 8),
  maxDelayMs: fc.constantFrom(0, 5, 25),
});

/** Every latency of the replay, as a mean over requests and batches. */
function replay(arrivalsMs: Float64Array, instances: number, maxBatch: number, maxDelayMs: number) {
  return new BatchQueue().run({
    arrivalsMs,
    requests: arrivalsMs.length,
    instances,
    maxBatch,
    maxDelayMs,
    serviceMs: Float64Array.from({ length: maxBatch + 1 }, (_, batch) => serviceMs(batch)),
    multipliers: Float64Array.of(1),
    multiplierOffset: 0,
    warmup: 0,
  });
}

test("on one host", () => {
  fc.assert(
    fc.property(cases, ({ gapsMs, instances, maxBatch, maxDelayMs }) => {
      let nowMs = 0;
      const arrivalsMs = Float64Array.from(gapsMs, (gap) => (nowMs += gap));
      const plan = {
        ...onePool(arrivalsAt([...arrivalsMs].map((ms) => ms / 1000)), 0, serviceMs),
        pools: [],
        host: {
          cores: 64,
          usdPerCoreHour: 1,
          usdPerModelInstanceHour: 0,
          profile: { name: "h", serviceMs: ({ batch }: { batch: number }) => serviceMs(batch) },
        },
        reality: IDEAL,
        knobs: [],
        initial: { concurrency: instances, maxBatchSize: maxBatch, maxBatchDelayMs: maxDelayMs },
      };
      const simulator = new Simulator(plan, new SeededRandom(1));
      simulator.run(100);
      const { latency, flow } = simulator.totals();
      const kernel = replay(arrivalsMs, instances, maxBatch, maxDelayMs);
      expect(flow.served).toBe(kernel.requests);
      expect(latency.meanMs).toBeCloseTo(kernel.meanLatencyMs, 6);
      expect(simulator.observe().metrics.meanBatchSize).toBeCloseTo(kernel.meanBatchSize, 9);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test("with functions, where no batch waits for another", () => {
  fc.assert(
    fc.property(cases, ({ gapsMs, maxBatch, maxDelayMs }) => {
      let nowMs = 0;
      const arrivalsMs = Float64Array.from(gapsMs, (gap) => (nowMs += gap));
      const plan = functionsOnly(arrivalsAt([...arrivalsMs].map((ms) => ms / 1000)), serviceMs, maxBatch, maxDelayMs);
      const simulator = new Simulator(plan, new SeededRandom(1));
      simulator.run(100);
      const kernel = replay(arrivalsMs, Number.POSITIVE_INFINITY, maxBatch, maxDelayMs);
      expect(simulator.totals().latency.meanMs).toBeCloseTo(kernel.meanLatencyMs, 6);
    }),
    { numRuns: 300, seed: 2 },
  );
});
