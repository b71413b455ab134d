// A cluster with something to change at once: 20 requests/s on eight machines of which one serves 100, behind its own service.

import { SimulatedCluster } from "../../src/clusters/simulated.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knob, onePool, poisson } from "../simulator/plans.ts";
import { ExternalServer } from "./external-server.ts";

const counts = [1, 2, 3, 4, 5, 6, 7, 8];
const initial = { "instances.m.onDemand": 8, maxBatchSize: 1 };

/** The running cluster; its time passes by itself, 60 s at a time. */
export class Shop {
  readonly server: ExternalServer;
  readonly #ticking: NodeJS.Timeout;

  private constructor(server: ExternalServer, everyMs: number) {
    this.server = server;
    this.#ticking = setInterval(() => void server.clock.sleep(60_000), everyMs);
  }

  static async open(everyMs = 50): Promise<Shop> {
    const plan = onePool(poisson(20, Number.POSITIVE_INFINITY), 8, () => 10, {
      knobs: [knob("instances.m.onDemand", counts), knob("maxBatchSize", [1, 4])],
      initial,
    });
    const server = new ExternalServer(new SimulatedCluster({ plan, random: new SeededRandom(3) }));
    await server.listen();
    return new Shop(server, everyMs);
  }

  /** Its cluster file; as YAML too, for YAML may be JSON. @param change keys that differ */
  file(change: object = {}): object {
    return {
      name: "shop",
      adapter: "external",
      options: { endpoint: this.server.url },
      agent: "q-table",
      slo: [{ percentile: 0.98, latencyMs: 200 }],
      catalogue: { instances: ["m"], overrides: { m: { usdPerHour: 1 } } },
      knobs: { "instances.m.onDemand": counts, maxBatchSize: [1, 4] },
      initial,
      prior: { points: [{ batch: 1, serviceMs: 10 }] },
      intervalS: 0.2,
      ...change,
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    await this.server.stop();
  }
}
