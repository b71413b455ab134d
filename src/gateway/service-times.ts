// Learned service times of one backend: what a batch of a size is expected to take there.
//
// mean[b] ← mean[b] + α·(measured − mean[b]);  sizes not seen yet: linear between the nearest seen, flat beyond them

/** Weight of the latest batch; some thirty batches make the mean. */
const ALPHA = 1 / 16;

/** Sizes kept apart; larger batches share the last. */
const LARGEST = 1024;

/** Mean service times by batch size. */
export class ServiceTimes {
  /** Shape [largest seen + 1]; NaN where nothing was measured. */
  #meanMs: number[] = [];

  /** Notes a batch. */
  learn(rows: number, serviceMs: number): void {
    const size = Math.min(rows, LARGEST);
    while (this.#meanMs.length <= size) this.#meanMs.push(Number.NaN);
    const known = this.#meanMs[size] ?? Number.NaN;
    this.#meanMs[size] = Number.isNaN(known) ? serviceMs : known + ALPHA * (serviceMs - known);
  }

  /** Expected service time of a batch; 0 while nothing is known, so that a new backend is tried. */
  expectedMs(rows: number): number {
    const size = Math.min(rows, LARGEST);
    const known = this.#meanMs[size];
    if (known !== undefined && !Number.isNaN(known)) return known;
    const below = this.#nearest(size, -1);
    const above = this.#nearest(size, 1);
    if (below === null) return above === null ? 0 : above.meanMs;
    if (above === null) return below.meanMs;
    const share = (size - below.size) / (above.size - below.size);
    return below.meanMs + share * (above.meanMs - below.meanMs);
  }

  #nearest(size: number, step: number): { readonly size: number; readonly meanMs: number } | null {
    for (let at = Math.min(size, this.#meanMs.length) + step; at > 0 && at < this.#meanMs.length; at += step) {
      const meanMs = this.#meanMs[at] ?? Number.NaN;
      if (!Number.isNaN(meanMs)) return { size: at, meanMs };
    }
    return null;
  }
}
