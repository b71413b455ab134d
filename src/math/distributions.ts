// Draws from the distributions the field uses, from a stream of uniforms; nothing is allocated per draw.
//
// exponential, normal: ziggurat with 256 layers. layer i from 8 bits of one uniform, x = u·x_i from the rest;
//          accept when x < x_{i+1}, else by the density in the wedge or by the tail.
// gamma:   d(1 + c·n)³ accepted against a uniform; shapes below 1 by gamma(k+1)·U^(1/k).
// poisson: by exponential gaps under mean 12, else transformed rejection (PTRS).
// Sources: G. Marsaglia, W. W. Tsang, "The Ziggurat Method for Generating Random Variables", J. Stat. Softw. 2000;
//          G. Marsaglia, W. W. Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 2000;
//          W. Hörmann, "The transformed rejection method for generating Poisson random variables", IME 1993.
// Differs: layer and position come from disjoint bits of a 53-bit uniform, which avoids the correlation of
//          the original's shared bits (J. Doornik 2005).

import type { DurationSpec, Random } from "../core/index.ts";
import { logGamma } from "./special.ts";

const LAYERS = 256;
/** Right edge of the lowest layer and area of each, for 256 layers (Marsaglia and Tsang 2000). */
const EXPONENTIAL_EDGE = 7.69711747013105;
const EXPONENTIAL_AREA = 0.003949659822581557;
const NORMAL_EDGE = 3.6541528853610088;
const NORMAL_AREA = 0.00492867323399;

interface Ziggurat {
  /** Layer widths, shape [LAYERS + 1], descending. */
  readonly x: Float64Array;
  /** Density at each width, shape [LAYERS + 1]. */
  readonly y: Float64Array;
}

function ziggurat(
  edge: number,
  area: number,
  density: (x: number) => number,
  inverse: (y: number) => number,
): Ziggurat {
  const x = new Float64Array(LAYERS + 1);
  const y = new Float64Array(LAYERS + 1);
  x[0] = area / density(edge);
  x[1] = edge;
  for (let i = 1; i < LAYERS - 1; i++) {
    const width = x[i] ?? 0;
    x[i + 1] = inverse(density(width) + area / width);
  }
  x[LAYERS] = 0;
  for (let i = 0; i <= LAYERS; i++) y[i] = density(x[i] ?? 0);
  return { x, y };
}

const EXPONENTIAL = ziggurat(
  EXPONENTIAL_EDGE,
  EXPONENTIAL_AREA,
  (x) => Math.exp(-x),
  (y) => -Math.log(y),
);
const NORMAL = ziggurat(
  NORMAL_EDGE,
  NORMAL_AREA,
  (x) => Math.exp(-0.5 * x * x),
  (y) => Math.sqrt(-2 * Math.log(y)),
);
const EX = EXPONENTIAL.x;
const EY = EXPONENTIAL.y;
const NX = NORMAL.x;
const NY = NORMAL.y;

/** Exponential with mean 1. */
export function exponential(random: Random): number {
  let offset = 0;
  for (;;) {
    const u = random.next() * LAYERS;
    const i = u | 0;
    const x = (u - i) * (EX[i] ?? 0);
    if (x < (EX[i + 1] ?? 0)) return offset + x;
    if (i === 0) {
      offset += EXPONENTIAL_EDGE;
    } else {
      const low = EY[i] ?? 0;
      if (low + random.next() * ((EY[i + 1] ?? 0) - low) < Math.exp(-x)) return offset + x;
    }
  }
}

function normalTail(random: Random): number {
  for (;;) {
    const x = exponential(random) / NORMAL_EDGE;
    if (2 * exponential(random) > x * x) return NORMAL_EDGE + x;
  }
}

/** Standard normal. */
export function normal(random: Random): number {
  for (;;) {
    const u = random.next() * (2 * LAYERS);
    const bits = u | 0;
    const i = bits >> 1;
    const sign = (bits & 1) === 0 ? 1 : -1;
    const x = (u - bits) * (NX[i] ?? 0);
    if (x < (NX[i + 1] ?? 0)) return sign * x;
    if (i === 0) return sign * normalTail(random);
    const low = NY[i] ?? 0;
    if (low + random.next() * ((NY[i + 1] ?? 0) - low) < Math.exp(-0.5 * x * x)) return sign * x;
  }
}

/** Gamma with the given shape (> 0) and scale 1. */
export function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * Math.exp(-exponential(random) / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const n = normal(random);
    const root = 1 + c * n;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = 1 - random.next();
    if (u < 1 - 0.0331 * n * n * n * n || Math.log(u) < 0.5 * n * n + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** Weibull with the given shape (> 0) and scale 1. */
export function weibull(random: Random, shape: number): number {
  return exponential(random) ** (1 / shape);
}

/** Lognormal with mean 1 and coefficient of variation `cv` (≥ 0). */
export function lognormal(random: Random, cv: number): number {
  const variance = Math.log1p(cv * cv);
  return Math.exp(Math.sqrt(variance) * normal(random) - 0.5 * variance);
}

/** Poisson count with the given mean (≥ 0). */
export function poissonCount(random: Random, mean: number): number {
  if (mean < 12) {
    let count = 0;
    for (let sum = exponential(random); sum < mean; sum += exponential(random)) count++;
    return count;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  const logMean = Math.log(mean);
  for (;;) {
    const u = random.next() - 0.5;
    const v = 1 - random.next();
    const us = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= squeeze) return count;
    if (count < 0 || (us < 0.013 && v > us)) continue;
    const limit = count * logMean - mean - logGamma(count + 1);
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= limit) return count;
  }
}

/** One duration in seconds. */
export function drawDurationS(spec: DurationSpec, random: Random): number {
  if ("constant" in spec) return spec.constant;
  if ("uniform" in spec) return spec.uniform[0] + (spec.uniform[1] - spec.uniform[0]) * random.next();
  if ("exponential" in spec) return spec.exponential * exponential(random);
  return spec.lognormal.mean * lognormal(random, spec.lognormal.cv);
}

/** Mean of a distribution of durations, in seconds. */
export function meanDurationS(spec: DurationSpec): number {
  if ("constant" in spec) return spec.constant;
  if ("uniform" in spec) return (spec.uniform[0] + spec.uniform[1]) / 2;
  if ("exponential" in spec) return spec.exponential;
  return spec.lognormal.mean;
}

/** A distribution of the same shape whose mean is `factor` times as long. */
export function stretchedDuration(spec: DurationSpec, factor: number): DurationSpec {
  if ("constant" in spec) return { constant: factor * spec.constant };
  if ("uniform" in spec) return { uniform: [factor * spec.uniform[0], factor * spec.uniform[1]] };
  if ("exponential" in spec) return { exponential: factor * spec.exponential };
  return { lognormal: { mean: factor * spec.lognormal.mean, cv: spec.lognormal.cv } };
}
