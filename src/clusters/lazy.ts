// An adapter that reaches its cluster when first asked: a service starts, and keeps trying, while a cluster is away.

import {
  ActuationError,
  type ClusterAdapter,
  type ClusterState,
  type Configuration,
  type Knob,
  ObservationError,
  type Trial,
} from "../core/index.ts";
import type { Clock } from "./adapter-entry.ts";

class LazyCluster implements ClusterAdapter {
  readonly knobs: readonly Knob[];
  readonly #open: () => Promise<ClusterAdapter>;
  readonly #clock: Clock;
  #opening: Promise<ClusterAdapter> | null = null;
  #closed = false;

  constructor(knobs: readonly Knob[], clock: Clock, open: () => Promise<ClusterAdapter>) {
    this.knobs = knobs;
    this.#clock = clock;
    this.#open = open;
  }

  async observe(): Promise<ClusterState> {
    try {
      return await (await this.#reached()).observe();
    } catch (cause) {
      if (cause instanceof ObservationError) throw cause;
      throw new ObservationError(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  async apply(configuration: Configuration, trial?: Trial): Promise<void> {
    let adapter: ClusterAdapter;
    try {
      adapter = await this.#reached();
    } catch (cause) {
      throw new ActuationError(cause instanceof Error ? cause.message : String(cause), { cause });
    }
    return adapter.apply(configuration, trial);
  }

  advance(seconds: number): Promise<void> {
    return this.#clock.sleep(seconds * 1000);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const adapter = await this.#opening?.catch(() => null);
    await adapter?.close();
  }

  async #reached(): Promise<ClusterAdapter> {
    if (this.#closed) throw new ObservationError("cluster: expected an open adapter, found a closed one");
    this.#opening ??= this.#open();
    try {
      return await this.#opening;
    } catch (error) {
      // The next who asks tries again.
      this.#opening = null;
      throw error;
    }
  }
}

/** @param open tried at every call until it succeeds once */
export function lazyAdapter(knobs: readonly Knob[], clock: Clock, open: () => Promise<ClusterAdapter>): ClusterAdapter {
  return new LazyCluster(knobs, clock, open);
}
