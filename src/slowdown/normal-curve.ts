// The normal distribution function, fast: asked for every configuration at every decision.
//
// Φ(x) = 1 - φ(x)·(b1·t + b2·t² + b3·t³ + b4·t⁴ + b5·t⁵), t = 1/(1 + .2316419·x), x ≥ 0;  |error| < 7.5e-8
// Source: M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 1964, 26.2.17.

/** Probability that a standard normal variable is at most x. */
export function normalShare(x: number): number {
  const z = Math.abs(x);
  const t = 1 / (1 + 0.2316419 * z);
  const density = 0.3989422804014327 * Math.exp(-0.5 * z * z);
  const upper =
    density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x >= 0 ? 1 - upper : upper;
}
