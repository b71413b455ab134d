// The tight kernel: one FIFO queue in front of k equal model instances that serve batches, replayed on given arrivals.
//
// A batch is ready when maxBatch requests wait or the oldest has waited maxDelay; it starts at max(ready, earliest free
// instance) with every request that has arrived by then, at most maxBatch:
//   done = start + service[b]·multiplier;  latency_j = done - arrival_j
// Written for searches and agents that replay tens of millions of requests per second; the simulator proper has fleets,
// routing, offload and launches.

/** One replay: arrivals, the machine and its service times. */
export interface BatchQueueRun {
  /** Ascending; shape [requests] or longer. */
  readonly arrivalsMs: Float64Array;
  readonly requests: number;
  /** Model instances in parallel; Infinity for functions, where no batch waits for an instance. */
  readonly instances: number;
  readonly maxBatch: number;
  readonly maxDelayMs: number;
  /** Mean service time by batch size, shape [maxBatch + 1]; entry 0 is not read. */
  readonly serviceMs: Float64Array;
  /** Batch service time over the mean at its size; taken in turn, cyclically, from `multiplierOffset` on. */
  readonly multipliers: Float64Array;
  readonly multiplierOffset: number;
  /** Requests at the start that count for nothing. */
  readonly warmup: number;
}

/** What one replay amounted to, warm-up left out. */
export interface BatchQueueResult {
  readonly requests: number;
  readonly batches: number;
  readonly meanBatchSize: number;
  /** Mean over batches. */
  readonly meanServiceMs: number;
  readonly meanLatencyMs: number;
  /** Busy share of the model instances between the first counted arrival and the last; 0 for functions. */
  readonly utilization: number;
  /** Between the first counted arrival and the last. */
  readonly durationMs: number;
}

/**
 * Element of rank `rank` (0 = smallest) among values[from..to); reorders them.
 * Hoare's selection with the median of three as pivot.
 */
export function select(values: Float64Array, from: number, to: number, rank: number): number {
  let low = from;
  let high = to - 1;
  const at = from + rank;
  while (low < high) {
    const a = values[low] ?? 0;
    const b = values[(low + high) >>> 1] ?? 0;
    const c = values[high] ?? 0;
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] ?? 0) < pivot) i++;
      while ((values[j] ?? 0) > pivot) j--;
      if (i > j) break;
      const swapped = values[i] ?? 0;
      values[i++] = values[j] ?? 0;
      values[j--] = swapped;
    }
    if (at <= j) high = j;
    else if (at >= i) low = i;
    else break;
  }
  return values[at] ?? 0;
}

/** A replayer with its own buffers; nothing is allocated per run once they are long enough. */
export class BatchQueue {
  #latencies = new Float64Array(0);
  #scratch = new Float64Array(0);
  #free = new Float64Array(0);
  #heads = new Int32Array(0);
  #served = new Float64Array(0);
  #firstCounted = 0;
  #firstBatch = 0;
  #requests = 0;
  #batches = 0;

  /** Replays the queue. The percentiles and batches of this run can be asked for until the next. */
  run(input: BatchQueueRun): BatchQueueResult {
    const { arrivalsMs, requests, maxBatch, maxDelayMs, serviceMs, multipliers, warmup } = input;
    this.#grow(requests);
    const latencies = this.#latencies;
    const heads = this.#heads;
    const served = this.#served;
    const unlimited = !Number.isFinite(input.instances);
    const instances = unlimited ? 1 : input.instances;
    const free = this.#idle(instances);
    const cycle = multipliers.length;
    let turn = input.multiplierOffset % cycle;
    let head = 0;
    let batches = 0;
    let firstBatch = -1;
    let firstCounted = requests;
    while (head < requests) {
      const last = head + maxBatch - 1;
      const oldest = arrivalsMs[head] ?? 0;
      const due = oldest + maxDelayMs;
      const full = last < requests ? (arrivalsMs[last] ?? 0) : Number.POSITIVE_INFINITY;
      let start = Math.min(full, due);
      if (!unlimited && (free[0] ?? 0) > start) start = free[0] ?? 0;
      let end = last + 1;
      if (full > start) {
        const limit = Math.min(end, requests);
        end = head + 1;
        while (end < limit && (arrivalsMs[end] ?? 0) <= start) end++;
      }
      const service = (serviceMs[end - head] ?? 0) * (multipliers[turn] ?? 0);
      if (++turn === cycle) turn = 0;
      const done = start + service;
      for (let j = head; j < end; j++) latencies[j] = done - (arrivalsMs[j] ?? 0);
      if (!unlimited) replaceEarliest(free, instances, done);
      if (firstBatch < 0 && head >= warmup) {
        firstBatch = batches;
        firstCounted = head;
      }
      heads[batches] = head;
      served[batches++] = service;
      head = end;
    }
    heads[batches] = requests;
    this.#batches = batches;
    this.#firstBatch = firstBatch < 0 ? batches : firstBatch;
    this.#firstCounted = firstCounted;
    this.#requests = requests;
    return this.#summary(arrivalsMs, unlimited ? 0 : instances);
  }

  /** Latency such that `percentile` of the counted requests are no later. @throws {RangeError} when none counted */
  quantileMs(percentile: number): number {
    const count = this.#requests - this.#firstCounted;
    if (count < 1) throw new RangeError("batch queue: expected requests after the warm-up, found none");
    this.#scratch.set(this.#latencies.subarray(this.#firstCounted, this.#requests));
    const rank = Math.min(count - 1, Math.max(0, Math.ceil(percentile * count) - 1));
    return select(this.#scratch, 0, count, rank);
  }

  /** Share of the counted requests later than `latencyMs`. */
  lateShare(latencyMs: number): number {
    let late = 0;
    for (let j = this.#firstCounted; j < this.#requests; j++) if ((this.#latencies[j] ?? 0) > latencyMs) late++;
    return late / Math.max(1, this.#requests - this.#firstCounted);
  }

  /** Appends the counted latencies to a buffer. @returns the position after the last */
  copyLatencies(target: Float64Array, at: number): number {
    target.set(this.#latencies.subarray(this.#firstCounted, this.#requests), at);
    return at + this.#requests - this.#firstCounted;
  }

  /** Mean batch size, per request, of the batches whose oldest request took at least `latencyMs`; 0 for none. */
  tailBatchSize(latencyMs: number): number {
    let sum = 0;
    let squares = 0;
    for (let i = this.#firstBatch; i < this.#batches; i++) {
      const head = this.#heads[i] ?? 0;
      if ((this.#latencies[head] ?? 0) < latencyMs) continue;
      const size = (this.#heads[i + 1] ?? 0) - head;
      sum += size;
      squares += size * size;
    }
    return sum === 0 ? 0 : squares / sum;
  }

  /** Calls back with size and service time of every counted batch, in order of start. */
  forEachBatch(visit: (size: number, serviceMs: number) => void): void {
    for (let i = this.#firstBatch; i < this.#batches; i++) {
      visit((this.#heads[i + 1] ?? 0) - (this.#heads[i] ?? 0), this.#served[i] ?? 0);
    }
  }

  #summary(arrivalsMs: Float64Array, instances: number): BatchQueueResult {
    const requests = this.#requests - this.#firstCounted;
    const batches = this.#batches - this.#firstBatch;
    let busyMs = 0;
    for (let i = this.#firstBatch; i < this.#batches; i++) busyMs += this.#served[i] ?? 0;
    let latencySum = 0;
    for (let j = this.#firstCounted; j < this.#requests; j++) latencySum += this.#latencies[j] ?? 0;
    const firstMs = arrivalsMs[this.#firstCounted] ?? 0;
    const durationMs = requests === 0 ? 0 : (arrivalsMs[this.#requests - 1] ?? firstMs) - firstMs;
    const capacityMs = instances * durationMs;
    return {
      requests,
      batches,
      meanBatchSize: batches === 0 ? 0 : requests / batches,
      meanServiceMs: batches === 0 ? 0 : busyMs / batches,
      meanLatencyMs: requests === 0 ? 0 : latencySum / requests,
      utilization: capacityMs === 0 ? 0 : Math.min(1, busyMs / capacityMs),
      durationMs,
    };
  }

  #grow(requests: number): void {
    if (this.#latencies.length >= requests) return;
    this.#latencies = new Float64Array(requests);
    this.#scratch = new Float64Array(requests);
    this.#heads = new Int32Array(requests + 1);
    this.#served = new Float64Array(requests);
  }

  #idle(instances: number): Float64Array {
    if (this.#free.length < instances) this.#free = new Float64Array(instances);
    this.#free.fill(Number.NEGATIVE_INFINITY, 0, instances);
    return this.#free;
  }
}

/** Puts a new time in the place of the earliest of a binary heap of the first `size` entries. */
function replaceEarliest(heap: Float64Array, size: number, time: number): void {
  let at = 0;
  for (let child = 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
    const value = heap[child] ?? 0;
    if (value >= time) break;
    heap[at] = value;
    at = child;
  }
  heap[at] = time;
}
