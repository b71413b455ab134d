// A forecaster with its record: how far its one-step forecasts were from what came.
//
// error = Σ |forecast - rate| / Σ rate over the steps forecast   (weighted absolute percentage error)
// Source: R. Hyndman, A. Koehler, "Another look at measures of forecast accuracy", 2006: a mean of ratios breaks down at
//   rates near 0, so the ratio of sums stands for it.

import type { Forecast, PastWindow } from "../../core/index.ts";
import type { Forecaster, ForecasterEntry, ForecastSettings } from "./forecaster.ts";

/** Follows a series of rates and says how good its forecasts were. */
export class ForecastTracker {
  readonly #entry: ForecasterEntry;
  readonly #forecaster: Forecaster;
  readonly #stepS: number;
  #expected: number | null = null;
  #missed = 0;
  #arrived = 0;

  /** @throws {ConfigError} as the entry's `create` */
  constructor(entry: ForecasterEntry, stepS: number, settings: ForecastSettings = {}) {
    this.#entry = entry;
    this.#stepS = stepS;
    this.#forecaster = entry.create(stepS, settings);
  }

  /** The mean rate of the step that just ended. */
  observe(rateRps: number): void {
    if (this.#expected !== null) {
      this.#missed += Math.abs(this.#expected - rateRps);
      this.#arrived += rateRps;
    }
    this.#forecaster.observe(rateRps);
    this.#expected = this.#forecaster.ratesRps(1)[0] ?? 0;
  }

  /** @param horizon steps ahead */
  forecast(horizon: number): Forecast {
    return {
      method: this.#entry.name,
      stepS: this.#stepS,
      ratesRps: this.#forecaster.ratesRps(horizon),
      error: this.#arrived > 0 ? this.#missed / this.#arrived : null,
    };
  }
}

/**
 * The forecast a method makes of a bounded history, its error by back-test over that history; null without history.
 * @param history oldest first, windows of equal length @param horizon steps ahead
 */
export function forecastOf(
  history: readonly PastWindow[],
  entry: ForecasterEntry,
  horizon: number,
  settings: ForecastSettings = {},
): Forecast | null {
  const last = history.at(-1);
  if (last === undefined) return null;
  const tracker = new ForecastTracker(entry, last.durationS, settings);
  for (const window of history) tracker.observe(window.arrivalRateRps);
  return tracker.forecast(horizon);
}
