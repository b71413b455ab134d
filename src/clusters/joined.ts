// One cluster made of an actuator and an observer: what runs from the one, the windows from the other.

import {
  type ClusterAdapter,
  type ClusterState,
  type Configuration,
  History,
  type Knob,
  StateError,
  type Trial,
} from "../core/index.ts";
import { type AdapterContext, type AdapterDefinition, type AdapterEntry, adapterEntry } from "./adapter-entry.ts";
import type { Actuator, Observer } from "./halves.ts";
import { refuseSplit, refuseUnoffered } from "./offered.ts";

/** Gauges are looked at this often while time passes. */
const SAMPLE_EVERY_S = 5;

/** One cluster made of its two halves. */
class JoinedCluster implements ClusterAdapter {
  readonly knobs: readonly Knob[];
  readonly #actuator: Actuator;
  readonly #observer: Observer;
  readonly #context: AdapterContext;
  readonly #history = new History();

  constructor(actuator: Actuator, observer: Observer, context: AdapterContext) {
    this.knobs = context.knobs;
    this.#actuator = actuator;
    this.#observer = observer;
    this.#context = context;
  }

  async observe(): Promise<ClusterState> {
    // The observer last: once it has told a window, it does not tell it again.
    const { configuration, inFlight, fleet } = await this.#actuator.observe();
    const { timeS, metrics: measured } = await this.#observer.observe();
    const costUsdPerHour = this.#context.committedUsdPerHour(configuration);
    const metrics = { ...measured, costUsdPerHour, costUsd: (costUsdPerHour * measured.durationS) / 3600 };
    const history = this.#history.add(timeS, metrics, configuration);
    return { timeS, metrics, fleet, configuration, inFlight, canary: null, forecast: null, mask: null, history };
  }

  async apply(configuration: Configuration, trial?: Trial): Promise<void> {
    refuseUnoffered(this.knobs, configuration);
    // The observer tells of all the traffic, so a share of it could not be judged.
    refuseSplit(trial);
    await this.#actuator.apply(configuration);
  }

  async advance(seconds: number): Promise<void> {
    const { clock } = this.#context;
    for (let leftS = seconds; leftS > 0; leftS -= SAMPLE_EVERY_S) {
      await clock.sleep(Math.min(leftS, SAMPLE_EVERY_S) * 1000);
      // A sample lost is a gap in the window, which the observation at its end tells of where it matters.
      if (leftS > SAMPLE_EVERY_S) await this.#observer.sample?.().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#actuator.close(), this.#observer.close()]);
  }
}

/** One cluster of an actuator and an observer. */
export function joined(actuator: Actuator, observer: Observer, context: AdapterContext): ClusterAdapter {
  return new JoinedCluster(actuator, observer, context);
}

/** An adapter as a file of two halves defines it; one that tells no windows has no observer. */
type SplitDefinition<Options> = Omit<AdapterDefinition<Options>, "open"> &
  Required<Pick<AdapterDefinition<Options>, "openActuator" | "openObserver">>;

/** Makes a registry entry of an adapter that has halves: opened whole, it is the two joined. */
export function splitAdapterEntry<Options>(definition: SplitDefinition<Options>): AdapterEntry {
  const { name, openActuator, openObserver } = definition;
  const open: AdapterDefinition<Options>["open"] = async (options, context) => {
    if (openObserver === null) throw new StateError(`${name}: expected an observer beside it, found none`);
    return joined(await openActuator(options, context), await openObserver(options, context), context);
  };
  return adapterEntry({ ...definition, open });
}
