// The real cluster of the live bench: model servers on this machine, and windows of one slice of arrivals served by them.

import { systemClock } from "../../src/clusters/index.ts";
import { LoadProcess } from "../../src/clusters/local/load-generator.ts";
import type { LoadOrder } from "../../src/clusters/local/load-process.ts";
import { LocalCluster, localOptionsSchema } from "../../src/clusters/local.ts";
import type { ClusterState, Configuration, Knob, Slo, Trial, WindowMetrics } from "../../src/core/index.ts";

/** A window that was measured. */
export interface LiveWindow {
  readonly state: ClusterState;
  readonly metrics: WindowMetrics;
}

/** Requests not answered by then count as dropped; it also bounds how long an overload lasts. */
const DEADLINE_MS = 3000;

/** Requests sent ahead of a window and left out of it: connections to servers that are new, and what they put off. */
const LEAD_MS = 300;

/** As long a lead where servers were started anew: their code goes on being compiled for some thousands of requests. */
const FRESH_LEAD_MS = 2500;

/** What the cluster is opened with. */
export interface LiveClusterOptions {
  readonly knobs: readonly Knob[];
  readonly percentile: number;
}

/** What of a configuration decides which servers run; the rest is set while they do. */
export function serversOf(configuration: Configuration): string {
  return `${configuration["concurrency"]} ${configuration["intraOpThreads"]}`;
}

/** Serves the same arrivals again and again, in one configuration or another. */
export class LiveCluster {
  /** What counts as late; anything does until it is known. */
  sloMs = Number.MIN_VALUE;
  /** Largest lag of the generator so far, at its 99th percentile. */
  lagP99Ms = 0;
  readonly #parts: Promise<{ readonly cluster: LocalCluster; readonly load: LoadProcess }>;
  #runtime = "none";
  /** What decides which servers run, as it was applied last; whether they have served since. */
  #servers = "";
  #fresh = false;

  private constructor({ knobs, percentile }: LiveClusterOptions) {
    const sloOf = (): readonly [Slo] => [{ percentile, latencyMs: this.sloMs }];
    const context = {
      cluster: "live",
      knobs,
      get slo() {
        return sloOf();
      },
      // What is minimised here is latency.
      initial: {},
      committedUsdPerHour: () => 0,
      secret: () => null,
      clock: systemClock,
    };
    this.#parts = LocalCluster.start(localOptionsSchema.parse({ deadlineMs: DEADLINE_MS }), context).then(
      async (cluster) => ({ cluster, load: await LoadProcess.start() }),
    );
  }

  /** Starts its processes. */
  static async start(options: LiveClusterOptions): Promise<LiveCluster> {
    const live = new LiveCluster(options);
    live.#runtime = (await live.#parts).cluster.runtime;
    return live;
  }

  get runtime(): string {
    return this.#runtime;
  }

  async apply(configuration: Configuration, trial?: Trial): Promise<void> {
    const { cluster } = await this.#parts;
    const servers = `${serversOf(configuration)} ${trial === undefined}`;
    this.#fresh ||= servers !== this.#servers;
    this.#servers = servers;
    return cluster.apply(configuration, trial);
  }

  /** Sends requests at these times, those of a lead first, waits for the last answer, and tells the window. */
  async serve(timesMs: readonly number[]): Promise<LiveWindow> {
    const { cluster, load } = await this.#parts;
    const order: LoadOrder = { url: cluster.url, timesMs, seed: 1 };
    const leadMs = this.#fresh ? FRESH_LEAD_MS : LEAD_MS;
    this.#fresh = false;
    await load.run({ ...order, timesMs: timesMs.filter((timeMs) => timeMs < leadMs) });
    // What happened since the last window, servers starting and the lead, is none of this one's.
    await cluster.observe();
    const { lagP99Ms } = await load.run(order);
    this.lagP99Ms = Math.max(this.lagP99Ms, lagP99Ms);
    const state = await cluster.observe();
    return { state, metrics: state.canary?.metrics ?? state.metrics };
  }

  async close(): Promise<void> {
    const { cluster, load } = await this.#parts;
    await load.close();
    await cluster.close();
  }
}
