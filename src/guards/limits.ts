// The hard limits as a set of configurations, and the ways back into it; what bounds, budget and every hold share.

import type { Configuration, GuardContext, KnobValue } from "../core/index.ts";

/** Configurations looked at before a search for the nearest one inside gives up. */
const SEARCH_LIMIT = 20_000;

/** Lattices up to this size are scanned whole when the search nearby finds nothing. */
const SCAN_LIMIT = 200_000;

/** The configuration that will be in force if nothing more is asked: in flight, else running. */
export function target(context: GuardContext): Configuration {
  return context.inFlight ?? context.running;
}

/** Whether a configuration is on the lattice, can run, and respects the values the cluster offers now. */
export function inBounds(configuration: Configuration, context: GuardContext): boolean {
  if (!context.lattice.contains(configuration)) return false;
  const mask = context.observation.mask;
  if (mask === null) return true;
  return context.lattice.knobs.every((knob) => {
    const offered = mask[knob.name];
    const value = configuration[knob.name];
    return offered === undefined || (value !== undefined && offered.includes(value));
  });
}

/** Whether what a configuration commits to is within the budget. A cost that is not a number is not. */
export function inBudget(configuration: Configuration, context: GuardContext): boolean {
  if (context.budgetUsdPerHour === null) return true;
  return context.committedUsdPerHour(configuration) <= context.budgetUsdPerHour;
}

/** Inside bounds and budget. */
export function inLimits(configuration: Configuration, context: GuardContext): boolean {
  return inBounds(configuration, context) && inBudget(configuration, context);
}

/** The position on its knob nearest to a value; unknown names go to the position the target holds. */
export function position(values: readonly KnobValue[], value: KnobValue | undefined, fallback: KnobValue | undefined) {
  const exact = value === undefined ? -1 : values.indexOf(value);
  if (exact >= 0) return exact;
  if (typeof value !== "number" || Number.isNaN(value)) {
    return fallback === undefined ? 0 : Math.max(0, values.indexOf(fallback));
  }
  let nearest = 0;
  let nearestGap = Number.POSITIVE_INFINITY;
  values.forEach((candidate, at) => {
    if (typeof candidate !== "number") return;
    const gap = Math.abs(candidate - value);
    if (gap < nearestGap) {
      nearest = at;
      nearestGap = gap;
    }
  });
  return nearest;
}

/** The same configuration with one knob set otherwise. */
export function withKnob(configuration: Configuration, name: string, value: KnobValue): Configuration {
  return { ...configuration, [name]: value };
}

/** Configurations one step away on one knob, in knob order, the lower step first. */
export function singleSteps(configuration: Configuration, context: GuardContext): Configuration[] {
  const steps: Configuration[] = [];
  for (const knob of context.lattice.knobs) {
    const at = position(knob.values, configuration[knob.name], undefined);
    const lower = knob.values[at - 1];
    const upper = knob.values[at + 1];
    if (lower !== undefined) steps.push(withKnob(configuration, knob.name, lower));
    if (upper !== undefined) steps.push(withKnob(configuration, knob.name, upper));
  }
  return steps;
}

function stepsBetween(a: Configuration, b: Configuration, context: GuardContext): number {
  return context.lattice.knobs.reduce((sum, knob) => {
    const from = position(knob.values, a[knob.name], undefined);
    return sum + Math.abs(from - position(knob.values, b[knob.name], undefined));
  }, 0);
}

/**
 * The configuration nearest to `start` (sum of steps over the knobs, ties in knob order) that is `inside`.
 * @returns null when there is none among those looked at
 */
export function nearestInside(
  start: Configuration,
  inside: (configuration: Configuration) => boolean,
  context: GuardContext,
): Configuration | null {
  const { lattice } = context;
  const seen = new Set<number | string>();
  const key = (configuration: Configuration): number | string =>
    lattice.count <= Number.MAX_SAFE_INTEGER ? lattice.index(configuration) : lattice.coordinates(configuration).join();
  const queue: Configuration[] = [start];
  seen.add(key(start));
  for (let head = 0; head < queue.length && head < SEARCH_LIMIT; head++) {
    const candidate = queue[head];
    if (candidate === undefined) break;
    if (inside(candidate)) return candidate;
    for (const next of singleSteps(candidate, context)) {
      const id = key(next);
      if (seen.has(id)) continue;
      seen.add(id);
      queue.push(next);
    }
  }
  const held = target(context);
  if (inside(held)) return held;
  if (lattice.count > SCAN_LIMIT) return null;
  let best: Configuration | null = null;
  for (const candidate of lattice.all()) {
    if (!inside(candidate)) continue;
    if (best === null || stepsBetween(start, candidate, context) < stepsBetween(start, best, context)) best = candidate;
  }
  return best;
}

/**
 * As much of `wanted` as the limits allow: starting from the target, one knob after the other takes its wanted value
 * as long as the configuration stays inside. Gives `wanted` itself when that is inside.
 */
export function towards(wanted: Configuration, context: GuardContext): Configuration {
  if (inLimits(wanted, context)) return wanted;
  let reached = target(context);
  for (let moved = true; moved; ) {
    moved = false;
    for (const knob of context.lattice.knobs) {
      const value = wanted[knob.name];
      if (value === undefined || value === reached[knob.name]) continue;
      const candidate = withKnob(reached, knob.name, value);
      if (!inLimits(candidate, context)) continue;
      reached = candidate;
      moved = true;
    }
  }
  return reached;
}
