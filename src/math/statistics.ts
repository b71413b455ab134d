// Statistics of samples and of counts: moments, quantiles, dispersion over windows, autocorrelation.

/** Count, mean and variance, updated one value at a time (Welford 1962). */
export class RunningMoments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count++;
    const delta = value - this.mean;
    this.mean += delta / this.count;
    this.#squares += delta * (value - this.mean);
  }

  /** Unbiased; 0 below two values. */
  get variance(): number {
    return this.count < 2 ? 0 : this.#squares / (this.count - 1);
  }
}

/** Arithmetic mean; NaN when empty. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}

/** Geometric mean of positive values. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map(Math.log)));
}

/** Unbiased variance; 0 below two values. */
export function variance(values: ArrayLike<number>): number {
  const moments = new RunningMoments();
  for (let i = 0; i < values.length; i++) moments.add(values[i] ?? 0);
  return moments.variance;
}

/** The value at quantile q in [0, 1] of ascending values, linear between neighbours; NaN when empty. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const low = Math.floor(position);
  const a = sorted[low] ?? Number.NaN;
  const b = sorted[Math.min(low + 1, sorted.length - 1)] ?? a;
  return a + (b - a) * (position - low);
}

/** The value at quantile q in [0, 1]; the values need no order. */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), q);
}

/**
 * Index of dispersion for counts: variance over mean of the sums of `width` neighbouring bins.
 * Bins marked missing end a stretch; only sums over whole stretches count.
 * @param missing shape [bins], 1 where the bin is missing data; none when absent
 * @returns null below ten sums or where nothing was counted
 */
export function dispersion(counts: ArrayLike<number>, width: number, missing?: ArrayLike<number>): number | null {
  const moments = new RunningMoments();
  let sum = 0;
  let filled = 0;
  for (let i = 0; i < counts.length; i++) {
    if (missing?.[i]) {
      sum = 0;
      filled = 0;
      continue;
    }
    sum += counts[i] ?? 0;
    filled++;
    if (filled === width) {
      moments.add(sum);
      sum = 0;
      filled = 0;
    }
  }
  return moments.count < 10 || moments.mean === 0 ? null : moments.variance / moments.mean;
}

/** Correlation of a series with itself `lag` steps later; null where it does not vary or is too short. */
export function autocorrelation(values: ArrayLike<number>, lag: number, missing?: ArrayLike<number>): number | null {
  const moments = new RunningMoments();
  for (let i = 0; i < values.length; i++) if (!missing?.[i]) moments.add(values[i] ?? 0);
  let sum = 0;
  let pairs = 0;
  for (let i = 0; i + lag < values.length; i++) {
    if (missing?.[i] || missing?.[i + lag]) continue;
    sum += ((values[i] ?? 0) - moments.mean) * ((values[i + lag] ?? 0) - moments.mean);
    pairs++;
  }
  return pairs < 2 || moments.variance === 0 ? null : sum / pairs / moments.variance;
}
