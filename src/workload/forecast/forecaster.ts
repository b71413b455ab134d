// What a forecaster is: told one rate a step, asked for the rates of the coming steps.

import { ConfigError } from "../../core/index.ts";

/** Follows one series of mean rates per step. Owns only its state. */
export interface Forecaster {
  /** The mean rate of the step that just ended, ≥ 0. */
  observe(rateRps: number): void;
  /** Mean rates of the next `horizon` steps, ≥ 0; zeros before the first observation. */
  ratesRps(horizon: number): number[];
}

/** Settings of a forecaster. */
export type ForecastSettings = Readonly<Record<string, number>>;

/** One forecasting method. */
export interface ForecasterEntry {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Every setting with its default. */
  readonly settings: ForecastSettings;
  /** @throws {ConfigError} for an unknown setting or one out of its bounds */
  create(stepS: number, settings?: ForecastSettings): Forecaster;
}

/** What one file says of its method. */
export interface ForecasterDefinition<S extends ForecastSettings> {
  readonly name: string;
  readonly summary: string;
  readonly settings: S;
  /** Closed interval of each setting. */
  readonly bounds: { readonly [K in keyof S]: readonly [number, number] };
  readonly create: (stepS: number, settings: S) => Forecaster;
}

/** Makes the registry entry of a method. */
export function defineForecaster<S extends ForecastSettings>(definition: ForecasterDefinition<S>): ForecasterEntry {
  const { name, summary, settings: defaults } = definition;
  const bounds: Readonly<Record<string, readonly [number, number] | undefined>> = definition.bounds;
  return {
    name,
    summary,
    settings: defaults,
    create(stepS, given = {}) {
      const issues = Object.entries(given).flatMap(([key, value]) => {
        const bound = bounds[key];
        if (bound !== undefined && value >= bound[0] && value <= bound[1]) return [];
        const expected =
          bound === undefined
            ? `one of ${Object.keys(defaults).join(", ") || "none"}`
            : `a number in [${bound[0]}, ${bound[1]}]`;
        return [{ path: `${name}.${key}`, expected, found: String(value) }];
      });
      if (issues.length > 0) throw new ConfigError("forecast", issues);
      return definition.create(stepS, { ...defaults, ...given });
    },
  };
}
