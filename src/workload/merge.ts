// The sum of several workloads: their arrivals merged in order of time.

import { joinSpans, withoutExcluded } from "./excluded.ts";
import type { ArrivalSource, Workload } from "./workload.ts";

/** Arrivals read ahead per part; small, so that parts of one sum stay in cache. */
const BLOCK = 256;

class MergedSource implements ArrivalSource {
  readonly #sources: readonly ArrivalSource[];
  readonly #blocks: readonly Float64Array[];
  readonly #filled: Int32Array; // [parts]
  readonly #read: Int32Array; // [parts]
  /** Next arrival of each part, Infinity when it has ended; shape [leaves], a power of two. */
  readonly #nextS: Float64Array;
  /** Winner tree over the next arrivals: node i holds the part that comes first below it; shape [leaves]. */
  readonly #winner: Int32Array;
  readonly #leaves: number;

  constructor(sources: readonly ArrivalSource[]) {
    this.#sources = sources;
    this.#blocks = sources.map(() => new Float64Array(BLOCK));
    this.#filled = new Int32Array(sources.length);
    this.#read = new Int32Array(sources.length);
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(2, sources.length)));
    this.#nextS = new Float64Array(this.#leaves).fill(Infinity);
    this.#winner = new Int32Array(this.#leaves);
    for (let part = 0; part < sources.length; part++) this.#pull(part);
    for (let node = this.#leaves - 1; node >= 1; node--) this.#play(node);
  }

  #pull(part: number): void {
    const block = this.#blocks[part];
    if (block === undefined) return;
    if (this.#read[part] === this.#filled[part]) {
      this.#filled[part] = this.#sources[part]?.fill(block) ?? 0;
      this.#read[part] = 0;
    }
    const at = this.#read[part] ?? 0;
    if (at === this.#filled[part]) {
      this.#nextS[part] = Infinity;
    } else {
      this.#nextS[part] = block[at] ?? Infinity;
      this.#read[part] = at + 1;
    }
  }

  #contestant(node: number): number {
    return node >= this.#leaves ? node - this.#leaves : (this.#winner[node] ?? 0);
  }

  #play(node: number): void {
    const a = this.#contestant(2 * node);
    const b = this.#contestant(2 * node + 1);
    this.#winner[node] = (this.#nextS[b] ?? 0) < (this.#nextS[a] ?? 0) ? b : a;
  }

  fill(times: Float64Array): number {
    let filled = 0;
    while (filled < times.length) {
      const part = this.#winner[1] ?? 0;
      const timeS = this.#nextS[part] ?? Infinity;
      if (timeS === Infinity) break;
      times[filled++] = timeS;
      this.#pull(part);
      for (let node = (part + this.#leaves) >> 1; node >= 1; node >>= 1) this.#play(node);
    }
    return filled;
  }
}

/** Several workloads at once; each part draws from its own stream. Missing data of one is missing in the sum. */
export function merge(name: string, parts: readonly Workload[]): Workload {
  const durationS = Math.max(...parts.map((part) => part.durationS));
  const requests = parts.reduce((sum, part) => sum + part.meanRateRps * part.durationS, 0);
  return withoutExcluded({
    name,
    durationS,
    meanRateRps: requests / durationS,
    excluded: joinSpans(parts.flatMap((part) => part.excluded)),
    open: (random) => new MergedSource(parts.map((part, i) => part.open(random.split(`part ${i}`)))),
    rateRps: (timeS) => parts.reduce((sum, part) => sum + part.rateRps(timeS), 0),
  });
}
