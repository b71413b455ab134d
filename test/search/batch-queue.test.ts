import { exponential, SeededRandom } from "../../src/math/index.ts";
import { BatchQueue, type BatchQueueRun, select } from "../../src/simulator/batch-queue.ts";

function poissonArrivals(rateRps: number, requests: number, seed: number): Float64Array {
  const random = new SeededRandom(seed);
  let timeMs = 0;
  return Float64Array.from({ length: requests }, () => (timeMs += (1000 / rateRps) * exponential(random)));
}

function tableOf(maxBatch: number, serviceMs: (batch: number) => number): Float64Array {
  return Float64Array.from({ length: maxBatch + 1 }, (_, batch) => (batch === 0 ? 0 : serviceMs(batch)));
}

const one = Float64Array.of(1);

function runOf(changes: Partial<BatchQueueRun>): BatchQueueRun {
  const arrivalsMs = changes.arrivalsMs ?? Float64Array.of(0);
  return {
    arrivalsMs,
    requests: arrivalsMs.length,
    instances: 1,
    maxBatch: 1,
    maxDelayMs: 0,
    serviceMs: tableOf(changes.maxBatch ?? 1, (batch) => 10 * batch),
    multipliers: one,
    multiplierOffset: 0,
    warmup: 0,
    ...changes,
  };
}

/** The same queue told as a story: at every instant something can change, look whether a batch may start. */
function slowLatencies(run: BatchQueueRun): number[] {
  const free = new Array<number>(Number.isFinite(run.instances) ? run.instances : run.requests).fill(-Infinity);
  const latencies: number[] = [];
  let head = 0;
  let turn = run.multiplierOffset;
  while (head < run.requests) {
    const instants = [
      ...run.arrivalsMs.slice(head, run.requests),
      (run.arrivalsMs[head] ?? 0) + run.maxDelayMs,
      ...free,
    ].sort((a, b) => a - b);
    const start = instants.find((now) => {
      const waiting = [...run.arrivalsMs.slice(head, run.requests)].filter((time) => time <= now).length;
      const oldestWaited = waiting > 0 && now >= (run.arrivalsMs[head] ?? 0) + run.maxDelayMs;
      return free.some((time) => time <= now) && (waiting >= run.maxBatch || oldestWaited);
    });
    if (start === undefined) throw new Error("nothing ever starts");
    const waiting = [...run.arrivalsMs.slice(head, run.requests)].filter((time) => time <= start).length;
    const size = Math.min(run.maxBatch, waiting);
    const service = (run.serviceMs[size] ?? 0) * (run.multipliers[turn++ % run.multipliers.length] ?? 1);
    free[free.indexOf(Math.min(...free))] = start + service;
    for (let j = head; j < head + size; j++) latencies.push(start + service - (run.arrivalsMs[j] ?? 0));
    head += size;
  }
  return latencies;
}

test("every latency is that of the queue told instant by instant", () => {
  const multipliers = Float64Array.from({ length: 7 }, (_, i) => 0.8 + 0.1 * i);
  const cases = [
    { instances: 1, maxBatch: 1, maxDelayMs: 0, rateRps: 80 },
    { instances: 3, maxBatch: 4, maxDelayMs: 15, rateRps: 300 },
    { instances: 2, maxBatch: 8, maxDelayMs: 0, rateRps: 150 },
    { instances: 2, maxBatch: 4, maxDelayMs: 30, rateRps: 2000 },
    { instances: Infinity, maxBatch: 5, maxDelayMs: 20, rateRps: 200 },
  ];
  for (const { rateRps, ...machine } of cases) {
    const arrivalsMs = poissonArrivals(rateRps, 120, 5);
    const serviceMs = tableOf(machine.maxBatch, (batch) => 4 + 6 * batch);
    const run = runOf({ ...machine, arrivalsMs, serviceMs, multipliers, multiplierOffset: 3 });
    const queue = new BatchQueue();
    const result = queue.run(run);
    const latencies = new Float64Array(result.requests);
    queue.copyLatencies(latencies, 0);
    const expected = slowLatencies(run);
    for (const [i, latency] of latencies.entries()) expect(latency).toBeCloseTo(expected[i] ?? Number.NaN, 6);
  }
});

test("with exponential service it waits as M/M/c does (Erlang C), within four standard errors", () => {
  const random = new SeededRandom(11);
  const [rateRps, instances, serviceMs] = [85, 4, 40];
  const load = (rateRps * serviceMs) / 1000;
  let term = 1;
  let sum = 1;
  for (let n = 1; n < instances; n++) sum += term *= load / n;
  const busy =
    (term * load) / instances / (1 - load / instances) / (sum + (term * load) / instances / (1 - load / instances));
  const expectedMs = (busy * serviceMs) / (instances - load) + serviceMs;
  const means: number[] = [];
  for (let seed = 1; seed <= 40; seed++) {
    const result = new BatchQueue().run(
      runOf({
        arrivalsMs: poissonArrivals(rateRps, 20_000, seed),
        instances,
        serviceMs: tableOf(1, () => serviceMs),
        multipliers: Float64Array.from({ length: 30_011 }, () => exponential(random)),
        multiplierOffset: 997 * seed,
        warmup: 2000,
      }),
    );
    means.push(result.meanLatencyMs);
  }
  const mean = means.reduce((a, b) => a + b, 0) / means.length;
  const error = Math.sqrt(means.reduce((a, b) => a + (b - mean) ** 2, 0) / (means.length - 1) / means.length);
  expect(Math.abs(mean - expectedMs)).toBeLessThan(4 * error);
  expect(error / expectedMs).toBeLessThan(0.02);
});

test("utilisation, batch size and Little's law agree with the batches served", () => {
  const queue = new BatchQueue();
  const result = queue.run(
    runOf({ arrivalsMs: poissonArrivals(200, 5000, 3), instances: 2, maxBatch: 8, maxDelayMs: 10, warmup: 500 }),
  );
  let batches = 0;
  let requests = 0;
  let busyMs = 0;
  queue.forEachBatch((size, serviceMs) => {
    batches++;
    requests += size;
    busyMs += serviceMs;
  });
  expect([batches, requests]).toEqual([result.batches, result.requests]);
  expect(result.meanServiceMs).toBeCloseTo(busyMs / batches, 9);
  expect(result.utilization).toBeCloseTo(Math.min(1, busyMs / (2 * result.durationMs)), 9);
});

test("the quantile is the latency of that rank, and the late share counts what is beyond", () => {
  const queue = new BatchQueue();
  // One instance, no batching, 10 ms each, all at once: latencies 10, 20, …, 100.
  queue.run(runOf({ arrivalsMs: new Float64Array(10) }));
  expect(queue.quantileMs(0.5)).toBe(50);
  expect(queue.quantileMs(0.99)).toBe(100);
  expect(queue.lateShare(75)).toBe(0.3);
  expect(queue.tailBatchSize(75)).toBe(1);
});

test("selection finds the element of any rank", () => {
  const random = new SeededRandom(2);
  for (let n = 1; n < 40; n++) {
    const values = Float64Array.from({ length: n }, () => Math.floor(10 * random.next()));
    const sorted = values.slice().sort();
    for (let rank = 0; rank < n; rank++) expect(select(values.slice(), 0, n, rank)).toBe(sorted[rank]);
  }
});

test("asked for a quantile of nothing it says so", () => {
  const queue = new BatchQueue();
  queue.run(runOf({ arrivalsMs: new Float64Array(3), warmup: 5 }));
  expect(() => queue.quantileMs(0.5)).toThrow(RangeError);
});
