// Fits closed forms to measured service times, and tells the error on points held out of the fit.
//
// relative least squares, no coefficient negative: min Σ ((ŝ_i - s_i) / s_i)²
// linear: ŝ = base + perItem·b        Amdahl: ŝ = α·b/r + β·b + γ (λ = 1)        table: interpolation
// Held out: points are dealt into k folds in turn; each fold is predicted by a fit to the others.

import { ConfigError } from "../core/index.ts";
import { nonNegativeLeastSquares } from "../math/index.ts";
import { type Amdahl, amdahlProfile, coresOf, type Linear, linearProfile } from "./analytic-profile.ts";
import type { ServiceProfile } from "./service-profile.ts";
import { type ProfileRow, tableProfile } from "./table-profile.ts";

/** Folds of the held-out test; with fewer points each point is a fold. */
const FOLDS = 10;

function weightsOf(rows: readonly ProfileRow[]): number[] {
  return rows.map((row) => 1 / row.serviceMs ** 2);
}

function needs(rows: readonly ProfileRow[], least: number, form: string): void {
  if (rows.length >= least) return;
  const expected = `at least ${least} measured points for the ${form} form`;
  throw new ConfigError("profile", [{ path: "rows", expected, found: String(rows.length) }]);
}

/** @throws {ConfigError} with no point */
export function fitLinear(rows: readonly ProfileRow[]): Linear {
  needs(rows, 1, "linear");
  const x = rows.map((row) => [1, row.batch]);
  const y = rows.map((row) => row.serviceMs);
  const [baseMs = 0, perItemMs = 0] = nonNegativeLeastSquares(x, y, weightsOf(rows)).coefficients;
  return { baseMs, perItemMs };
}

/**
 * @param mbPerCore memory that buys one core, where memory is what was varied
 * @throws {ConfigError} with no point
 */
export function fitAmdahl(rows: readonly ProfileRow[], mbPerCore?: number): Amdahl {
  needs(rows, 1, "Amdahl");
  const x = rows.map((row) => [row.batch / coresOf(row, { mbPerCore }), row.batch, 1]);
  const y = rows.map((row) => row.serviceMs);
  const [alphaMs = 0, betaMs = 0, gammaMs = 0] = nonNegativeLeastSquares(x, y, weightsOf(rows)).coefficients;
  return { lambda: 1, alphaMs, betaMs, gammaMs, mbPerCore };
}

/** Errors of predictions, relative to the measured times. */
export interface FitError {
  readonly points: number;
  readonly meanAbsRelative: number;
  readonly worstAbsRelative: number;
}

/** One form fitted to all points, with its error on them and on held-out ones. */
export interface ProfileFit {
  readonly form: "linear" | "amdahl" | "table";
  readonly parameters: Readonly<Record<string, number>>;
  readonly fitted: FitError;
  /** Null where there are too few points to hold any out. */
  readonly heldOut: FitError | null;
}

function errorOf(pairs: readonly (readonly [predicted: number, measured: number])[]): FitError {
  const errors = pairs.map(([predicted, measured]) => Math.abs(predicted / measured - 1));
  return {
    points: errors.length,
    meanAbsRelative: errors.reduce((sum, error) => sum + error, 0) / Math.max(1, errors.length),
    worstAbsRelative: errors.reduce((most, error) => Math.max(most, error), 0),
  };
}

/** Points dealt into folds in turn, and how much of each fold the fit to the others misses. */
export function heldOutError(
  rows: readonly ProfileRow[],
  fitTo: (rows: readonly ProfileRow[]) => ServiceProfile,
): FitError | null {
  const folds = Math.min(FOLDS, rows.length);
  if (folds < 3) return null;
  const pairs: (readonly [number, number])[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const kept = rows.filter((_, i) => i % folds !== fold);
    const profile = fitTo(kept);
    for (const row of rows.filter((_, i) => i % folds === fold)) pairs.push([profile.serviceMs(row), row.serviceMs]);
  }
  return errorOf(pairs);
}

function assess(
  form: ProfileFit["form"],
  rows: readonly ProfileRow[],
  parameters: Readonly<Record<string, number | undefined>>,
  fitTo: (rows: readonly ProfileRow[]) => ServiceProfile,
): ProfileFit {
  const profile = fitTo(rows);
  const given = Object.entries(parameters).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  return {
    form,
    parameters: Object.fromEntries(given),
    fitted: errorOf(rows.map((row) => [profile.serviceMs(row), row.serviceMs])),
    heldOut: heldOutError(rows, fitTo),
  };
}

/** A table needs every combination of its settings, which a fold may take away. */
function tableFit(rows: readonly ProfileRow[]): ProfileFit[] {
  try {
    return [assess("table", rows, {}, (kept) => tableProfile("table", kept))];
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

/**
 * Every form that fits the points, the least held-out error first.
 * @param mbPerCore memory that buys one core, where memory is what was varied
 */
export function fitProfile(rows: readonly ProfileRow[], mbPerCore?: number): ProfileFit[] {
  const perCore = rows.some((row) => row.memoryMb !== undefined) ? mbPerCore : undefined;
  const cores = rows.some((row) => row.intraOpThreads ?? row.tensorParallel ?? (perCore && row.memoryMb));
  const amdahl = (kept: readonly ProfileRow[]): ServiceProfile => amdahlProfile(fitAmdahl(kept, perCore));
  const fits = [
    assess("linear", rows, { ...fitLinear(rows) }, (kept) => linearProfile(fitLinear(kept))),
    ...(cores ? [assess("amdahl", rows, { ...fitAmdahl(rows, perCore) }, amdahl)] : []),
    ...tableFit(rows),
  ];
  const key = (fit: ProfileFit): number => fit.heldOut?.meanAbsRelative ?? fit.fitted.meanAbsRelative;
  return fits.sort((a, b) => key(a) - key(b));
}

/**
 * The profile that measured points make: interpolated where every combination of settings was measured, else the
 * closed form that misses held-out points least.
 * @throws {ConfigError} with no point
 */
export function profileOfPoints(name: string, rows: readonly ProfileRow[]): ServiceProfile {
  const fits = fitProfile(rows);
  if (fits.some(({ form }) => form === "table")) return tableProfile(name, rows);
  return fits[0]?.form === "amdahl" ? amdahlProfile(fitAmdahl(rows), name) : linearProfile(fitLinear(rows), name);
}
