// A histogram of latencies in log buckets of 0.4 to 0.8 % width, read off the bits of the number.
//
// bucket(x) = exponent of x and the first 7 bits of its mantissa; quantiles interpolate inside a bucket.
// Source: G. Tene, HdrHistogram (2012), the log-linear bucket layout.
// Differs: fixed range 2^-10 to 2^27 ms (a microsecond to a day and a half), values beyond it clamped.

const SUB_BUCKET_BITS = 7;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
const MIN_EXPONENT = -10;
const MAX_EXPONENT = 27;
const SHIFT = 20 - SUB_BUCKET_BITS;
const FIRST = (1023 + MIN_EXPONENT) << SUB_BUCKET_BITS;
const LAST = ((MAX_EXPONENT - MIN_EXPONENT) << SUB_BUCKET_BITS) - 1;

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);
const HIGH_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/** Number of buckets. */
export const BUCKET_COUNT = LAST + 1;

/** Largest relative width of a bucket. */
export const BUCKET_RESOLUTION = 1 / SUB_BUCKETS;

/** Bucket of a latency in ms; at most 0.8 % wide. */
export function bucketOf(latencyMs: number): number {
  scratch[0] = latencyMs;
  const index = ((words[HIGH_WORD] ?? 0) >>> SHIFT) - FIRST;
  return index < 0 ? 0 : Math.min(index, LAST);
}

/** Lower edge of a bucket in ms. */
export function bucketStartMs(bucket: number): number {
  const exponent = bucket >> SUB_BUCKET_BITS;
  return 2 ** (exponent + MIN_EXPONENT) * (1 + (bucket & (SUB_BUCKETS - 1)) / SUB_BUCKETS);
}

/** Counts of latencies by bucket, with their sum. */
export class LatencyHistogram {
  /** Shape [BUCKET_COUNT]. */
  readonly counts = new Float64Array(BUCKET_COUNT);
  sumMs = 0;
  count = 0;

  add(latencyMs: number, times = 1): void {
    const bucket = bucketOf(latencyMs);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + times;
    this.sumMs += latencyMs * times;
    this.count += times;
  }

  clear(): void {
    this.counts.fill(0);
    this.sumMs = 0;
    this.count = 0;
  }

  /** Mean in ms; NaN when empty. */
  get meanMs(): number {
    return this.sumMs / this.count;
  }

  /** The latency that a share `q` of all does not exceed, to within a bucket; NaN when empty. */
  quantileMs(q: number): number {
    if (this.count === 0) return Number.NaN;
    const target = Math.min(1, Math.max(0, q)) * this.count;
    let below = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const here = this.counts[bucket] ?? 0;
      if (here > 0 && below + here >= target) {
        const start = bucketStartMs(bucket);
        return start + (bucketStartMs(bucket + 1) - start) * ((target - below) / here);
      }
      below += here;
    }
    return bucketStartMs(BUCKET_COUNT);
  }

  /** Occupied buckets, ascending: upper edge and count; what a CCDF is drawn from. */
  occupied(): { readonly upToMs: number; readonly count: number }[] {
    const result: { upToMs: number; count: number }[] = [];
    this.counts.forEach((count, bucket) => {
      if (count > 0) result.push({ upToMs: bucketStartMs(bucket + 1), count });
    });
    return result;
  }
}
