// Faults of the adapter's cluster, over real HTTP: an error, no answer, a slow change, half of one.

import type { ServerResponse } from "node:http";
import { findAdapter } from "../../../src/clusters/index.ts";
import type { Configuration } from "../../../src/core/index.ts";
import { ExternalServer } from "../../clusters/external-server.ts";
import { FakeCluster, fakeKnobs } from "../fake-cluster.ts";
import { initial } from "../harness.ts";
import { type Fault, FaultRun, held, type Measured, oneMore } from "./fault.ts";

/** How long the adapter waits where the test is about that; long enough for a busy machine to answer otherwise. */
const PATIENCE_MS = 1500;

const servers: ExternalServer[] = [];

/** Ends the services of clusters, also after a test that failed. */
export async function closeServers(): Promise<void> {
  for (const server of servers.splice(0)) await server.stop();
}

/** A fake cluster behind its own HTTP service, and a loop that reaches it by the `external` adapter. */
class Remote {
  readonly run: FaultRun;
  readonly server: ExternalServer;

  private constructor(run: FaultRun, server: ExternalServer) {
    this.run = run;
    this.server = server;
  }

  static async open(folder: string, timeoutMs = 10_000): Promise<Remote> {
    const cluster = new FakeCluster(initial);
    const server = new ExternalServer(cluster);
    servers.push(server);
    await server.listen();
    const adapter = await findAdapter("external").open(
      { endpoint: server.url, timeoutMs },
      {
        cluster: "default",
        knobs: fakeKnobs,
        slo: [{ percentile: 0.99, latencyMs: 100 }],
        initial: {},
        committedUsdPerHour: (configuration) => Number(configuration["replicas"]),
        secret: () => null,
        clock: server.clock,
      },
    );
    const run = await FaultRun.open(folder, { adapter }, cluster);
    await run.harness.passes(2);
    return new Remote(run, server);
  }

  /** The next answers to changes are given by this instead, one each. */
  tamper(...answers: ((response: ServerResponse) => void)[]): void {
    this.server.tamper = (path, response) => {
      const answer = path === "configuration" ? answers.shift() : undefined;
      answer?.(response);
      return answer !== undefined;
    };
  }

  close(): Promise<void> {
    return this.run.close();
  }
}

const serverError = (response: ServerResponse): void => {
  response.writeHead(500).end("out of order");
};

/** Never answers; the adapter gives up. */
const silence = (): void => undefined;

/** A change that fails: what ran is in force again, and what is wanted is tried anew. */
async function failing(
  folder: string,
  why: RegExp,
  break_: (remote: Remote) => void,
  timeoutMs?: number,
): Promise<Measured> {
  const remote = await Remote.open(folder, timeoutMs);
  const { run } = remote;
  run.harness.optimizer.wanted = oneMore(run.cluster);
  run.begin();
  break_(remote);
  let failures = 0;
  const safeAfterS = await run.until((record) => {
    expect(record.outcome === "failed" || /put back/.test(record.reason)).toBe(true);
    if (record.outcome === "failed") expect(record.reason).toMatch(why);
    failures += 1;
    return held(record);
  });
  expect(failures).toBeGreaterThan(0);
  expect(run.cluster.configuration).toEqual(initial);
  const actsAgainS = await run.actsAgain();
  await remote.close();
  return { safeAfterS, actsAgainS };
}

const answers500: Fault = {
  name: "adapter answers 500",
  does: "sends again what ran, in the same pass; on record as failed",
  run: (folder) => failing(folder, /expected 2xx, found 500 .*; put back$/s, (remote) => remote.tamper(serverError)),
};

const keepsFailing: Fault = {
  name: "adapter answers 500 to that, too",
  does: "sends what ran at every pass until it is taken, before anything else is changed",
  run: (folder) =>
    failing(folder, /expected 2xx, found 500/, (remote) => {
      remote.run.harness.optimizer.wanted = oneMore(remote.run.cluster);
      remote.tamper(serverError, serverError, serverError, serverError, serverError);
      // Nothing is wanted any more once the first change has failed.
      remote.run.harness.loop.subscribe(({ type }) => {
        if (type === "decision") remote.run.harness.optimizer.wanted = initial;
      });
    }),
};

const timesOut: Fault = {
  name: "adapter times out",
  does: "takes the change for neither made nor not made: sends again what ran, in the same pass",
  run: (folder) => failing(folder, /put back$/s, (remote) => remote.tamper(silence), PATIENCE_MS),
};

const half: Fault = {
  name: "change half-applied",
  does: "sends again what ran, whole, in the same pass",
  run: (folder) =>
    failing(folder, /put back$/s, (remote) => {
      const { cluster, harness } = remote.run;
      harness.optimizer.wanted = { replicas: 5, maxBatchSize: 2 };
      remote.tamper((response) => {
        cluster.configuration = { ...cluster.configuration, replicas: 5 };
        serverError(response);
      });
    }),
};

/** A change that is accepted and does not come into force at once, or never. */
async function accepted(folder: string, wanted: Configuration, break_: (remote: Remote) => void) {
  const remote = await Remote.open(folder);
  remote.run.harness.optimizer.wanted = wanted;
  remote.run.begin();
  break_(remote);
  return remote;
}

const quietlyHalf: Fault = {
  name: "change accepted, half of it made",
  does: "notices after three windows that it never came into force, takes what runs for the ground, and sends the rest",
  run: async (folder) => {
    const remote = await accepted(folder, { replicas: 5, maxBatchSize: 2 }, (broken) => {
      const { cluster } = broken.run;
      broken.tamper((response) => {
        cluster.configuration = { ...cluster.configuration, replicas: 5 };
        response.writeHead(202).end();
      });
    });
    const { cluster } = remote.run;
    const safeAfterS = await remote.run.until(() => cluster.configuration["maxBatchSize"] === 2);
    expect(remote.server.asked).toHaveLength(2);
    await remote.close();
    return { safeAfterS, actsAgainS: null };
  },
};

const slow: Fault = {
  name: "change takes ten minutes",
  does: "waits: nothing is changed while it is on its way, but to add machines when the SLO is missed",
  run: async (folder) => {
    const remote = await accepted(folder, { replicas: 5, maxBatchSize: 1 }, ({ run }) => {
      run.cluster.delayS = 600;
    });
    const { cluster, harness } = remote.run;
    const safeAfterS = await remote.run.until(({ outcome }) => outcome === "applied");
    const written = remote.server.asked.length;
    const reasons: string[] = [];
    for (let pass = 0; pass < 9; pass++) {
      remote.run.want({ replicas: 3, maxBatchSize: 1 });
      const { outcome, guards } = await harness.pass();
      expect(outcome).toBe("held");
      reasons.push(...guards.map(({ guard }) => guard));
    }
    expect(reasons).toContain("in-flight");
    expect(remote.server.asked).toHaveLength(written);
    cluster.delayS = 0;
    remote.run.want({ replicas: 5, maxBatchSize: 1 });
    await remote.run.until(() => cluster.configuration["replicas"] === 5);
    const actsAgainS = await remote.run.actsAgain();
    await remote.close();
    return { safeAfterS, actsAgainS };
  },
};

/** In the order of the page. */
export const adapterFaults: readonly Fault[] = [answers500, keepsFailing, timesOut, half, quietlyHalf, slow];
