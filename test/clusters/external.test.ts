// The external adapter against a real HTTP server: the contract, and what it makes of answers that are wrong.

import { findAdapter } from "../../src/clusters/index.ts";
import { SimulatedCluster } from "../../src/clusters/simulated.ts";
import { ActuationError, type ClusterAdapter, ConfigError, ObservationError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { adapterContract } from "../contracts/adapter.ts";
import { knob, onePool, poisson } from "../simulator/plans.ts";
import { ExternalServer } from "./external-server.ts";

const knobs = [
  knob("instances.m.onDemand", [1, 2, 3], { actuation: "provision", actuationDelayS: 20 }),
  knob("maxBatchSize", [1, 4]),
];

function simulated(): SimulatedCluster {
  const plan = onePool(poisson(100, Number.POSITIVE_INFINITY), 2, () => 10, {
    knobs,
    initial: { "instances.m.onDemand": 2, maxBatchSize: 1 },
  });
  return new SimulatedCluster({ plan, random: new SeededRandom(3) });
}

interface Opened {
  readonly server: ExternalServer;
  readonly adapter: ClusterAdapter;
}

const opened: ExternalServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.stop();
});

async function open(secret: string | null = null, timeoutMs = 2000): Promise<Opened> {
  const server = new ExternalServer(simulated());
  await server.listen();
  opened.push(server);
  const adapter = await findAdapter("external").open(
    { endpoint: `${server.url}/api`, timeoutMs },
    {
      cluster: "mine",
      knobs,
      slo: [{ percentile: 0.99, latencyMs: 100 }],
      initial: {},
      committedUsdPerHour: () => 1,
      secret: () => secret,
      clock: server.clock,
    },
  );
  return { server, adapter };
}

async function tampered(status: number, body: string): Promise<Opened> {
  const whole = await open();
  whole.server.tamper = (_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(body);
    return true;
  };
  return whole;
}

adapterContract("external", async () => {
  const { server, adapter } = await open();
  const answering = async (status: number, body: string): Promise<() => Promise<void>> => {
    server.tamper = (path, response) => {
      if (path !== "state") return false;
      response.writeHead(status).end(body);
      return true;
    };
    return async () => {
      server.tamper = null;
    };
  };
  return {
    adapter,
    windowS: 10,
    other: { "instances.m.onDemand": 3, maxBatchSize: 4 },
    failedReads: {
      "nobody answers": async () => {
        await server.stop();
        return () => server.restart();
      },
      "an error of the server": () => answering(500, "out of order"),
      "an answer cut short": () => answering(200, '{"timeS": 12, "metrics": {"dura'),
      "a state without metrics": () => answering(200, '{"timeS": 12, "configuration": {}}'),
    },
    deafen: async () => {
      server.tamper = (path, response) => {
        if (path !== "configuration") return false;
        response.writeHead(202).end();
        return true;
      };
      return async () => {
        server.tamper = null;
      };
    },
    changes: async () => server.changes,
    close: () => adapter.close(),
  };
});

test("what the server refuses left things as they were; what it fails at left nobody knows what", async () => {
  for (const [status, left] of [
    [422, "unchanged"],
    [503, "unknown"],
  ] as const) {
    const { adapter } = await tampered(status, '{"detail":"quota: expected at most 2, found 3"}');
    const refused = adapter.apply({ "instances.m.onDemand": 3, maxBatchSize: 1 });
    await expect(refused).rejects.toThrow(ActuationError);
    await expect(refused).rejects.toMatchObject({ left, message: expect.stringContaining("quota") });
  }
});

test("a server that does not answer in time may have taken the change, and a read of it is an error", async () => {
  const { server, adapter } = await open(null, 50);
  server.tamper = () => true;
  await expect(adapter.apply({ maxBatchSize: 4 })).rejects.toMatchObject({
    left: "unknown",
    message: expect.stringContaining("expected an answer, found none after 50 ms"),
  });
  await expect(adapter.observe()).rejects.toThrow(ObservationError);
});

test("an answer without end is cut off", async () => {
  const { server, adapter } = await open();
  server.tamper = (_, response) => {
    response.writeHead(200);
    const block = Buffer.alloc(1 << 20, 32);
    const more = (): void => {
      while (!response.destroyed && response.write(block));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
    return true;
  };
  await expect(adapter.observe()).rejects.toThrow(/expected an answer, found more than 8388608 bytes/);
});

test("a configuration that is none of its own is an error of the read", async () => {
  const { adapter } = await tampered(
    200,
    JSON.stringify({
      timeS: 10,
      metrics: { durationS: 10, requests: 1, arrivals: { rateRps: 0.1 } },
      configuration: { maxBatchSize: 3 },
    }),
  );
  await expect(adapter.observe()).rejects.toThrow(/configuration.maxBatchSize: expected one of 1, 4, found 3/);
});

test("the token goes out with each request, and options that do not fit are told by path", async () => {
  const { server, adapter } = await open("s3cret");
  await adapter.advance(10);
  await adapter.observe();
  expect(server.authorization).toBe("Bearer s3cret");
  const opening = findAdapter("external").open({ endpoint: "ftp://x", retries: 3 }, {
    cluster: "mine",
  } as never);
  await expect(opening).rejects.toThrow(ConfigError);
  await expect(opening).rejects.toThrow(/cluster mine: options.endpoint: expected an http or https URL, found "ftp:/);
  await expect(opening).rejects.toThrow(/options.retries: expected a known key/);
});
