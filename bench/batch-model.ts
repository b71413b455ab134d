// The batch model against simulation: percentiles of latency over service times, arrival processes and buffers.

import type { Load } from "../src/core/index.ts";
import { mapRateRps, mmpp, SeededRandom } from "../src/math/index.ts";
import { bufferLatency } from "../src/performance/index.ts";
import { BatchQueue } from "../src/simulator/batch-queue.ts";

/** Requests simulated per case; the noise of a p99 over as many is well under the errors reported. */
const REQUESTS = 500_000;
const WARMUP = 1_000;
const PERCENTILES = [0.5, 0.95, 0.99];

/** Service base + slope · batch, in ms: two in milliseconds, as on machines, and two in seconds, as on functions. */
const services = [
  { baseMs: 5, perItemMs: 2 },
  { baseMs: 20, perItemMs: 4 },
  { baseMs: 450, perItemMs: 560 },
  { baseMs: 900, perItemMs: 250 },
];

/** Poisson at two rates, and two bursty processes: rates in two phases and mean stays in them. */
const arrivals = [mmpp([20], [1]), mmpp([100], [1]), mmpp([150, 30], [2, 6]), mmpp([80, 10], [0.5, 1])];

const buffers = [
  { maxBatch: 4, delayMs: 50 },
  { maxBatch: 8, delayMs: 100 },
  { maxBatch: 20, delayMs: 200 },
];

/** How far the model was off. */
export interface BatchModelResult {
  readonly cases: number;
  readonly meanAbsError: number;
  readonly worstAbsError: number;
}

/** Arrival times of a Markov-modulated Poisson process, in ms. */
function draw(map: NonNullable<Load["map"]>, random: SeededRandom): Float64Array {
  const times = new Float64Array(REQUESTS);
  let timeMs = 0;
  let phase = 0;
  for (let i = 0; i < REQUESTS; ) {
    const out = -(map.d0[phase]?.[phase] ?? 0);
    timeMs -= (Math.log(1 - random.next()) * 1000) / out;
    const arrived = random.next() * out < (map.d1[phase]?.[phase] ?? 0);
    if (arrived) times[i++] = timeMs;
    else phase = (phase + 1) % map.d0.length;
  }
  return times;
}

/** Runs every case; errors are relative, over p50, p95 and p99. */
export function measureBatchModel(): BatchModelResult {
  const queue = new BatchQueue();
  let sum = 0;
  let worst = 0;
  let cases = 0;
  arrivals.forEach((map, a) => {
    const arrivalsMs = draw(map, new SeededRandom(a + 1));
    for (const { baseMs, perItemMs } of services) {
      for (const { maxBatch, delayMs } of buffers) {
        const serviceMs = Float64Array.from({ length: maxBatch + 1 }, (_, k) => baseMs + perItemMs * k);
        const load = { rateRps: mapRateRps(map), map };
        const model = bufferLatency(load, maxBatch, delayMs / 1000, (k) => (serviceMs[k] ?? 0) / 1000);
        queue.run({
          arrivalsMs,
          requests: REQUESTS,
          instances: Number.POSITIVE_INFINITY,
          maxBatch,
          maxDelayMs: delayMs,
          serviceMs,
          multipliers: new Float64Array([1]),
          multiplierOffset: 0,
          warmup: WARMUP,
        });
        for (const percentile of PERCENTILES) {
          const error = Math.abs((1000 * model.quantileS(percentile)) / queue.quantileMs(percentile) - 1);
          sum += error;
          worst = Math.max(worst, error);
        }
        cases += 1;
      }
    }
  });
  return { cases, meanAbsError: sum / (cases * PERCENTILES.length), worstAbsError: worst };
}
