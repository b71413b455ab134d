// The registry of forecasters; a forecast is an input, so that any optimizer takes any of them.

import { UnknownNameError } from "../../core/index.ts";
import { ewma } from "./ewma.ts";
import type { ForecasterEntry } from "./forecaster.ts";
import { holtWinters } from "./holt-winters.ts";
import { lastValue } from "./last-value.ts";
import { movingWindow } from "./moving-window.ts";
import { ridge } from "./ridge.ts";

export type { Forecaster, ForecasterEntry, ForecastSettings } from "./forecaster.ts";
export { ForecastTracker, forecastOf } from "./tracker.ts";

/** Every forecaster, the simplest first. */
export const forecasters: readonly ForecasterEntry[] = [lastValue, movingWindow, ewma, holtWinters, ridge];

/** @throws {UnknownNameError} when there is no such forecaster */
export function findForecaster(name: string): ForecasterEntry {
  const found = forecasters.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw new UnknownNameError(
    "forecast",
    name,
    forecasters.map((entry) => entry.name),
  );
}
