// The gateway's lane and the simulator's replay kernel form the same batches from the same arrivals, so that what is
// learnt by replay holds at the gateway. Time is Jest's.

import fc from "fast-check";
import type { InferBody } from "../../src/gateway/infer-body.ts";
import { Lane } from "../../src/gateway/lane.ts";
import { GatewayRequest } from "../../src/gateway/request.ts";
import { BatchQueue } from "../../src/simulator/batch-queue.ts";

const serviceMs = (size: number): number => 7 + 3 * size;

interface Case {
  readonly arrivalsMs: readonly number[];
  readonly instances: number;
  readonly maxBatchSize: number;
  readonly maxBatchDelayMs: number;
}

/** Arrivals at even milliseconds and odd delays: no batch is due in the millisecond of an arrival. */
const cases = fc
  .record({
    gaps: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 120 }),
    instances: fc.integer({ min: 1, max: 4 }),
    maxBatchSize: fc.constantFrom(1, 2, 5, 8),
    maxBatchDelayMs: fc.constantFrom(0, 5, 25),
  })
  .map(({ gaps, ...rest }): Case => {
    let nowMs = 0;
    return { ...rest, arrivalsMs: gaps.map((gap) => (nowMs += 2 * gap)) };
  });

const body: InferBody = { bytes: Buffer.alloc(0), id: null, rows: 1, inputs: [], outputs: "", key: "x" };

function requestAt(arrivedMs: number): GatewayRequest {
  const request = new GatewayRequest({
    arrivedMs,
    deadlineMs: Number.POSITIVE_INFINITY,
    path: "/",
    headers: {},
    body: body.bytes,
    idempotent: true,
    canary: false,
    meters: [],
    respond: () => undefined,
  });
  request.infer = body;
  return request;
}

/** Batch sizes in order of start, as the gateway's lane sends them to instances that take as long as they do. */
function lane({ arrivalsMs, instances, maxBatchSize, maxBatchDelayMs }: Case): number[] {
  const sizes: number[] = [];
  const ends: number[] = [];
  const startMs = Date.now();
  const nowMs = (): number => Date.now() - startMs;
  const gatewayLane = new Lane(
    { maxBatchSize, maxBatchDelayMs },
    (_, take) => {
      if (ends.length >= instances) return false;
      const size = take().length;
      sizes.push(size);
      ends.push(nowMs() + serviceMs(size));
      return true;
    },
    nowMs,
  );
  let next = 0;
  while (next < arrivalsMs.length || gatewayLane.waiting > 0) {
    // Whoever arrives in the millisecond an instance is free in is there for its batch.
    const arrives = arrivalsMs[next] === nowMs();
    if (arrives) gatewayLane.push(requestAt(arrivalsMs[next++] ?? 0));
    const busy = ends.length;
    for (let i = busy - 1; i >= 0; i--) if ((ends[i] ?? 0) <= nowMs()) ends.splice(i, 1);
    // What is due by delay alone the lane must see to itself.
    if (arrives || ends.length < busy) gatewayLane.pump();
    jest.advanceTimersByTime(1);
  }
  gatewayLane.stop();
  return sizes;
}

function kernel({ arrivalsMs, instances, maxBatchSize, maxBatchDelayMs }: Case): number[] {
  const queue = new BatchQueue();
  queue.run({
    arrivalsMs: Float64Array.from(arrivalsMs),
    requests: arrivalsMs.length,
    instances,
    maxBatch: maxBatchSize,
    maxDelayMs: maxBatchDelayMs,
    serviceMs: Float64Array.from({ length: maxBatchSize + 1 }, (_, size) => serviceMs(size)),
    multipliers: Float64Array.of(1),
    multiplierOffset: 0,
    warmup: 0,
  });
  const sizes: number[] = [];
  queue.forEachBatch((size) => sizes.push(size));
  return sizes;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test("batch by batch", () => {
  fc.assert(
    fc.property(cases, (one) => {
      expect(lane(one)).toEqual(kernel(one));
    }),
    { numRuns: 100, seed: 1 },
  );
});

test("by size, by delay, and by whoever waited for an instance", () => {
  const arrivalsMs = [2, 4, 6, 40, 42, 90];
  const one = { arrivalsMs, instances: 1, maxBatchSize: 2, maxBatchDelayMs: 25 };
  // 2 and 4 fill one at 4; 6 is due at 31; 40 and 42 fill one at 42; 90 is due at 115.
  expect(lane(one)).toEqual([2, 1, 2, 1]);
  expect(kernel(one)).toEqual([2, 1, 2, 1]);
});
