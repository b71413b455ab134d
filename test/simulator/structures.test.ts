// The typed-array structures under the simulator, against plain ones.

import fc from "fast-check";
import { BUCKET_RESOLUTION, bucketOf, bucketStartMs, LatencyHistogram } from "../../src/math/index.ts";
import { EventQueue } from "../../src/simulator/event-queue.ts";
import { MinTree } from "../../src/simulator/min-tree.ts";
import { RequestQueue } from "../../src/simulator/request-queue.ts";

test("events leave in order of time, and at one time in the order they came", () => {
  const step = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(null));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new EventQueue();
      const model: { timeS: number; data: number }[] = [];
      steps.forEach((timeS, data) => {
        if (timeS !== null) {
          queue.push(timeS, data);
          model.push({ timeS, data });
          model.sort((a, b) => a.timeS - b.timeS);
          return;
        }
        queue.settle();
        expect(queue.size).toBe(model.length);
        expect(queue.timeS).toBe(model[0]?.timeS ?? Number.POSITIVE_INFINITY);
        const first = model.shift();
        if (first !== undefined) expect(queue.pop()).toBe(first.data);
      });
    }),
  );
});

test("a latency falls into a bucket that holds it and is at most 0.8 % wide", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.002, max: 1e8, noNaN: true }), (latencyMs) => {
      const bucket = bucketOf(latencyMs);
      expect(bucketStartMs(bucket)).toBeLessThanOrEqual(latencyMs);
      expect(bucketStartMs(bucket + 1)).toBeGreaterThan(latencyMs);
      expect(bucketStartMs(bucket + 1) / bucketStartMs(bucket) - 1).toBeLessThanOrEqual(BUCKET_RESOLUTION + 1e-12);
    }),
  );
});

test("percentiles are within 1 % of the exact ones, and the mean is exact", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 }),
      (values) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.add(value);
        const sorted = [...values].sort((a, b) => a - b);
        for (const q of [0.5, 0.95, 0.99, 1]) {
          const exact = sorted[Math.max(0, Math.ceil(q * values.length) - 1)] ?? 0;
          expect(Math.abs(histogram.quantileMs(q) / exact - 1)).toBeLessThanOrEqual(0.01);
        }
        expect(histogram.meanMs).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
        expect(histogram.occupied().reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      },
    ),
  );
});

test("a tournament tree knows the smallest key and whose it is", () => {
  const change = fc.record({ index: fc.integer({ min: 0, max: 70 }), key: fc.integer({ min: 0, max: 9 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1 }), (changes) => {
      const tree = new MinTree();
      const keys = new Map<number, number>();
      expect(tree.argmin()).toBe(-1);
      for (const { index, key } of changes) {
        tree.set(index, key);
        keys.set(index, key);
        const least = Math.min(...keys.values());
        expect(tree.min).toBe(least);
        expect(tree.argmin()).toBe(Math.min(...[...keys].filter(([, value]) => value === least).map(([i]) => i)));
      }
    }),
  );
});

test("a queue keeps requests in order of arrival through growth, drops and give-backs", () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ drop: fc.integer({ min: 0, max: 300 }) }),
    // What a lost machine gives back came before now.
    fc.record({ agoS: fc.double({ min: 0, max: 1000, noNaN: true }) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const queue = new RequestQueue(true);
      let model: number[] = [];
      let timeS = 0;
      for (const one of steps) {
        if ("push" in one) {
          for (let i = 0; i < one.push; i++) {
            timeS += 1;
            queue.pushAttributed(timeS, timeS % 7, timeS / 2);
            model.push(timeS);
          }
        } else if ("drop" in one) {
          const count = Math.min(one.drop, model.length);
          queue.drop(count);
          model = model.slice(count);
        } else {
          const cameS = Math.max(0, timeS - one.agoS);
          queue.giveBack(cameS, cameS % 7, cameS / 2);
          model = [...model, cameS].sort((a, b) => a - b);
        }
      }
      const times = Array.from({ length: queue.size }, (_, i) => queue.times[(queue.head + i) & queue.mask]);
      const sizes = Array.from({ length: queue.size }, (_, i) => queue.sizes[(queue.head + i) & queue.mask]);
      expect(times).toEqual(model);
      expect(sizes).toEqual(model.map((one) => one / 2));
    }),
  );
});
