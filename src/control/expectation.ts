// What the model expects of configurations at the load that is coming: the ground of records and explanations.

import type { AgentContext, ClusterState, Configuration, Expectation, Load, Prediction } from "../core/index.ts";
import { tuningProblem } from "../optimizers/index.ts";

/** The load expected in the coming interval. */
export function comingLoad(observation: ClusterState): Load {
  return { rateRps: observation.forecast?.ratesRps[0] ?? observation.metrics.arrivals.rateRps };
}

/** Asks the model of one context about one observation; each configuration is asked about once. */
export class Expectations {
  readonly #context: AgentContext;
  readonly load: Load;
  readonly #known = new Map<string, Prediction | null>();

  constructor(context: AgentContext, observation: ClusterState) {
    this.#context = context;
    const { scv } = tuningProblem(context, observation).load;
    this.load = { ...comingLoad(observation), ...(scv === undefined ? {} : { scv }) };
  }

  /** Null where the model cannot say. @param rateRps another load than the one expected */
  predict(configuration: Configuration, rateRps = this.load.rateRps): Prediction | null {
    const { space } = this.#context;
    const key = `${rateRps} ${space.knobs.map((knob) => configuration[knob.name]).join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const prediction = this.#ask(configuration, rateRps);
    this.#known.set(key, prediction);
    return prediction;
  }

  /** Null where the model cannot say. */
  of(configuration: Configuration): Expectation | null {
    const prediction = this.predict(configuration);
    if (prediction === null) return null;
    const { objectiveMs, costUsdPerHour } = prediction;
    return { objectiveMs, costUsdPerHour };
  }

  /** Whether it is expected to keep up and hold the SLO. */
  holds(configuration: Configuration, rateRps = this.load.rateRps): boolean | null {
    const prediction = this.predict(configuration, rateRps);
    if (prediction === null) return null;
    return prediction.stable && prediction.objectiveMs <= this.#context.objective.slo[0].latencyMs;
  }

  #ask(configuration: Configuration, rateRps: number): Prediction | null {
    if (!this.#context.space.contains(configuration)) return null;
    try {
      const prediction = this.#context.model.predict(configuration, { ...this.load, rateRps });
      const { objectiveMs, costUsdPerHour } = prediction;
      return Number.isNaN(objectiveMs) || Number.isNaN(costUsdPerHour) ? null : prediction;
    } catch {
      // A decision stands whether or not the model can say what to expect of it.
      return null;
    }
  }
}
