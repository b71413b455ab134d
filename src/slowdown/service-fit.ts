// The prior's service time: Amdahl's law with batching, fitted to a handful of profiled points.
//
// s(b, r) = ratio·(b·(a/r + β) + γ),  a, β, γ ≥ 0;  minimise Σ ((s(b_j, r_j) - s_j)/s_j)²
// Source: the profile of SMIless (Lu et al., SC 2024), T(B, r) = λ·B·(α/r + β) + γ; G. Amdahl, AFIPS 1967.
// Differs: relative least squares, non-negative by trying every subset of the three terms (there are seven).

import { ConfigError, type ProfilePoint } from "../core/index.ts";

/** A fitted service time; r is threads, tensor parallelism or memory, whichever the host has. */
export interface ServiceFit {
  readonly parallelMs: number;
  readonly serialMs: number;
  readonly fixedMs: number;
}

/** Mean service time of a batch in ms. @param batch may be fractional, ≥ 1 */
export function fittedServiceMs(fit: ServiceFit, resource: number, batch: number): number {
  return batch * (fit.parallelMs / resource + fit.serialMs) + fit.fixedMs;
}

/** What a host has more or less of: threads, tensor parallelism or memory; 1 where the point does not say. */
export function resourceOf(point: Pick<ProfilePoint, "intraOpThreads" | "tensorParallel" | "memoryMb">): number {
  return point.intraOpThreads ?? point.tensorParallel ?? point.memoryMb ?? 1;
}

/** Solves a small symmetric system by elimination with pivots; null when singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) if (Math.abs(at(i, column)) > Math.abs(at(pivot, column))) pivot = i;
    const scale = Math.max(...(matrix[column] ?? []).map(Math.abs));
    if (Math.abs(at(pivot, column)) <= 1e-9 * scale) return null;
    const chosen = rows[pivot] ?? [];
    rows[pivot] = rows[column] ?? [];
    rows[column] = chosen;
    for (let i = 0; i < n; i++) {
      if (i === column) continue;
      const factor = at(i, column) / at(column, column);
      rows[i] = (rows[i] ?? []).map((value, j) => value - factor * at(column, j));
    }
  }
  return rows.map((row, i) => (row[n] ?? 0) / at(i, i));
}

/**
 * The non-negative fit of least relative squared error.
 * @throws {ConfigError} when there are no points
 */
export function fitService(points: readonly ProfilePoint[]): ServiceFit {
  if (points.length === 0) {
    throw new ConfigError("prior", [{ path: "points", expected: "at least one profiled point", found: "none" }]);
  }
  const rows = points.map((point) =>
    [point.batch / resourceOf(point), point.batch, 1].map((feature) => feature / point.serviceMs),
  );
  let best: number[] = [];
  let bestError = Number.POSITIVE_INFINITY;
  for (let subset = 1; subset < 8; subset++) {
    const terms = [0, 1, 2].filter((term) => (subset >> term) & 1);
    const value = (row: readonly number[], term: number): number => row[term] ?? 0;
    const gram = terms.map((a) => terms.map((b) => rows.reduce((sum, row) => sum + value(row, a) * value(row, b), 0)));
    const solution = solve(
      gram,
      terms.map((a) => rows.reduce((sum, row) => sum + value(row, a), 0)),
    );
    if (solution === null || solution.some((coefficient) => coefficient < 0)) continue;
    const full = [0, 1, 2].map((term) => solution[terms.indexOf(term)] ?? 0);
    const error = rows.reduce(
      (sum, row) => sum + (row.reduce((y, x, term) => y + x * (full[term] ?? 0), 0) - 1) ** 2,
      0,
    );
    if (error < bestError - 1e-12) {
      best = full;
      bestError = error;
    }
  }
  const [parallelMs = 0, serialMs = 0, fixedMs = 0] = best;
  return { parallelMs, serialMs, fixedMs };
}
