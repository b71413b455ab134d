// Option parsers of the trace commands; a value that does not fit is a usage error.

import { InvalidArgumentError } from "commander";
import type { Exclusion } from "../workload/index.ts";

/** A number of at least 0. */
export function nonNegativeNumber(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError(`expected a number of at least 0, found "${text}".`);
  }
  return value;
}

/** One more stretch of missing data, as from:to or from:to:every in seconds. */
export function exclusion(text: string, before: readonly Exclusion[]): Exclusion[] {
  const [fromS = Number.NaN, toS = Number.NaN, everyS] = text.split(":").map(Number);
  const numbers = [fromS, toS, everyS ?? 1].every((value) => Number.isFinite(value) && value >= 0);
  if (!numbers || toS <= fromS || everyS === 0 || text.split(":").length > 3) {
    throw new InvalidArgumentError(`expected from:to or from:to:every in seconds, found "${text}".`);
  }
  return [...before, everyS === undefined ? { fromS, toS } : { fromS, toS, everyS }];
}
