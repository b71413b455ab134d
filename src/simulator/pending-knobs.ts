// Knobs that were turned and are not in force yet, each due after its actuation delay.

import type { Configuration, Knob, KnobValue } from "../core/index.ts";

/** Changes on their way from accepted to in force. */
export class PendingKnobs {
  readonly #knobs: ReadonlyMap<string, Knob>;
  readonly #due = new Map<string, { readonly value: KnobValue; readonly dueS: number }>();
  #running: Configuration;

  constructor(knobs: readonly Knob[], initial: Configuration) {
    this.#knobs = new Map(knobs.map((knob) => [knob.name, knob]));
    this.#running = initial;
  }

  /** The configuration in force. */
  get running(): Configuration {
    return this.#running;
  }

  /** The configuration that will be in force; null when it already is. */
  get inFlight(): Configuration | null {
    if (this.#due.size === 0) return null;
    return { ...this.#running, ...Object.fromEntries([...this.#due].map(([name, { value }]) => [name, value])) };
  }

  /**
   * Accepts a configuration; a newer value replaces one still on its way.
   * @returns the moments at which something will come into force
   */
  accept(configuration: Configuration, timeS: number): number[] {
    const moments = new Set<number>();
    for (const [name, value] of Object.entries(configuration)) {
      const pending = this.#due.get(name);
      if (pending === undefined ? this.#running[name] === value : pending.value === value) continue;
      if (this.#running[name] === value) {
        this.#due.delete(name);
        continue;
      }
      const knob = this.#knobs.get(name);
      // A restart takes its delay machine by machine, when it comes into force.
      const delayS = knob === undefined || knob.actuation === "restart" ? 0 : knob.actuationDelayS;
      this.#due.set(name, { value, dueS: timeS + delayS });
      moments.add(timeS + delayS);
    }
    return [...moments].sort((a, b) => a - b);
  }

  /** Brings into force what is due; returns the names of the knobs that changed. */
  settle(timeS: number): string[] {
    const changed: string[] = [];
    const running: Record<string, KnobValue> = { ...this.#running };
    for (const [name, { value, dueS }] of this.#due) {
      if (dueS > timeS) continue;
      running[name] = value;
      changed.push(name);
    }
    for (const name of changed) this.#due.delete(name);
    if (changed.length > 0) this.#running = running;
    return changed;
  }

  /** How long machines are out for a change of these knobs, in s. */
  restartS(names: readonly string[]): number {
    return names.reduce((longest, name) => {
      const knob = this.#knobs.get(name);
      return knob?.actuation === "restart" ? Math.max(longest, knob.actuationDelayS) : longest;
    }, 0);
  }
}
