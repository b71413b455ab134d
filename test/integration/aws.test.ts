// The aws adapter by AWS' own SDK against Moto, which stands in for AWS: one resource of each kind, and CloudWatch.

import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { findAdapter, systemClock } from "../../src/clusters/index.ts";
import type { ClusterAdapter, Configuration, Knob } from "../../src/core/index.ts";
import { adapterContract } from "../contracts/adapter.ts";
import { MotoServer, operationOf, writesToAws } from "../live/moto-server.ts";
import { TamperingProxy } from "../live/tampering-proxy.ts";

const soon = { actuation: "provision", actuationDelayS: 1, decideEveryS: 0 } as const;
const knobs: readonly Knob[] = [
  { name: "instances.c5.large.onDemand", values: [1, 2, 3], ...soon },
  { name: "replicas", values: [1, 2], ...soon },
  { name: "instances.ml.c5.large.onDemand", values: [1, 2], ...soon },
  { name: "functionMemoryMb", values: [1024, 2048], ...soon },
  { name: "concurrency", values: [10, 20], ...soon },
];
const initial: Configuration = {
  "instances.c5.large.onDemand": 1,
  replicas: 1,
  "instances.ml.c5.large.onDemand": 1,
  functionMemoryMb: 1024,
  concurrency: 10,
};
const other: Configuration = {
  "instances.c5.large.onDemand": 3,
  replicas: 2,
  "instances.ml.c5.large.onDemand": 2,
  functionMemoryMb: 2048,
  concurrency: 20,
};

const resources = {
  "instances.c5.large.onDemand": { autoScalingGroup: "models" },
  replicas: { ecsService: { cluster: "models", service: "resnet" } },
  "instances.ml.c5.large.onDemand": { sageMakerVariant: { endpoint: "resnet", variant: "main" } },
  functionMemoryMb: { functionMemory: "resnet" },
  concurrency: { functionConcurrency: "resnet" },
};

const metrics = {
  preset: "alb",
  dimensions: { LoadBalancer: "app/models/1" },
  utilization: { namespace: "AWS/EC2", metric: "CPUUtilization", dimensions: { AutoScalingGroupName: "models" } },
  periodS: 1,
  settleS: 2,
};

/** A balancer's metrics: ten requests each quarter of a second, told as soon as the machine gets to it. */
class Balancer {
  /** Whether it tells how long answers took. */
  tellsLatency = true;
  /** Quarters told so far. */
  told = 0;
  readonly #client: CloudWatchClient;
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(endpoint: string) {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    this.#client = new CloudWatchClient({ endpoint, region: "us-east-1", credentials });
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
    this.#client.destroy();
  }

  async #run(): Promise<void> {
    for (let dueMs = systemClock.nowMs(); !this.#stopped; await systemClock.sleep(100)) {
      const due: Date[] = [];
      for (; dueMs <= systemClock.nowMs(); dueMs += 250) due.push(new Date(dueMs));
      if (due.length === 0) continue;
      await this.#put("AWS/ApplicationELB", metrics.dimensions, due, this.#traffic());
      const busy = { MetricName: metrics.utilization.metric, Values: [40] };
      await this.#put(metrics.utilization.namespace, metrics.utilization.dimensions, due, [busy]);
      this.told += due.length;
    }
  }

  /** Of ten answers one is late and one failed. */
  #traffic(): readonly Datum[] {
    const requests = { MetricName: "RequestCount", Values: [1], Counts: [10] };
    const failed = { MetricName: "HTTPCode_Target_5XX_Count", Values: [1] };
    const latency = { MetricName: "TargetResponseTime", Values: [0.02, 0.2], Counts: [9, 1] };
    return this.tellsLatency ? [requests, failed, latency] : [requests, failed];
  }

  async #put(
    Namespace: string,
    dimensions: Readonly<Record<string, string>>,
    due: readonly Date[],
    data: readonly Datum[],
  ): Promise<void> {
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    const MetricData = due.flatMap((Timestamp) => data.map((one) => ({ ...one, Timestamp, Dimensions })));
    await this.#client.send(new PutMetricDataCommand({ Namespace, MetricData }));
  }
}

interface Datum {
  readonly MetricName: string;
  readonly Values: number[];
  readonly Counts?: number[];
}

let moto: MotoServer;
let proxy: TamperingProxy;
let balancer: Balancer;

beforeAll(async () => {
  moto = await MotoServer.start();
  proxy = new TamperingProxy(moto.url, writesToAws);
  await proxy.listen();
  balancer = new Balancer(moto.url);
  // The first window starts before now.
  while (balancer.told < 16) await systemClock.sleep(100);
}, 150_000);

afterAll(async () => {
  await balancer?.stop();
  await proxy?.stop();
  await moto?.stop();
});

function context(turned: readonly Knob[] = knobs) {
  const secrets: Readonly<Record<string, string>> = { accessKeyId: "test", secretAccessKey: "test" };
  return {
    cluster: "mine",
    knobs: turned,
    slo: [{ percentile: 0.98, latencyMs: 100 }] as const,
    initial: {},
    committedUsdPerHour: ({ replicas }: Configuration) => Number(replicas ?? 1),
    secret: (role: string) => secrets[role] ?? null,
    clock: systemClock,
  };
}

function options(change: Record<string, unknown> = {}) {
  return { region: "us-east-1", endpoint: proxy.url, timeoutMs: 5000, resources, metrics, ...change };
}

async function opened(): Promise<ClusterAdapter> {
  return findAdapter("aws").open(options(), context());
}

adapterContract("aws", async () => {
  const adapter = await opened();
  await adapter.apply(initial);
  return {
    adapter,
    other,
    windowS: 1.5,
    failedReads: {
      "nobody answers": () => proxy.untilSilent(),
      "a service that is gone": () =>
        proxy.until((_, __, request) =>
          operationOf(request) === "DescribeServices" ? { status: 200, body: '{"services":[],"failures":[]}' } : null,
        ),
      "a balancer that tells no latencies": async () => {
        balancer.tellsLatency = false;
        // The seconds told before are in the window that is on its way.
        await adapter.advance(4);
        await adapter.observe().catch(() => undefined);
        return async () => {
          balancer.tellsLatency = true;
          await adapter.advance(4);
        };
      },
    },
    deafen: () =>
      proxy.until((_, __, request) => {
        if (!writesToAws(request)) return null;
        const xml = "<SetDesiredCapacityResponse><ResponseMetadata/></SetDesiredCapacityResponse>";
        return { status: 200, body: operationOf(request) === "SetDesiredCapacity" ? xml : "{}" };
      }),
    changes: async () => proxy.writes,
    close: () => adapter.close(),
  };
});

test("a window is what CloudWatch kept of it: sums, percentiles, late and failed answers", async () => {
  const adapter = await opened();
  await adapter.advance(3);
  await adapter.observe();
  await adapter.advance(4);
  const { metrics: window, fleet } = await adapter.observe();
  expect(window.latency).toMatchObject({ p50Ms: 20, p95Ms: 200, p99Ms: 200, objectiveMs: 200 });
  expect(window.latency?.meanMs).toBeCloseTo(38, 6);
  expect(window.dropped / window.requests).toBeCloseTo(0.1, 6);
  expect(window.latency?.missRatio).toBeCloseTo(0.2, 6);
  expect(window.utilization).toBeCloseTo(0.4, 6);
  expect(window.arrivals.recentRatesRps.length).toBeGreaterThan(1);
  expect(fleet).toMatchObject({ "c5.large": { ready: 1, launching: 0 }, replicas: { ready: 1 } });
  await adapter.close();
}, 60_000);

test("what grows is changed before what shrinks, and one that is refused says what was changed before it", async () => {
  const adapter = await findAdapter("aws").openActuator(options(), context());
  await adapter.apply({ ...initial, "instances.c5.large.onDemand": 3 });
  const order: string[] = [];
  const mend = await proxy.until((_, __, request) => {
    if (writesToAws(request)) order.push(operationOf(request));
    return null;
  });
  await adapter.apply({ ...initial, "instances.c5.large.onDemand": 1, replicas: 2 });
  expect(order).toEqual(["UpdateService", "SetDesiredCapacity"]);
  // Moto takes more instances than the group's largest size; AWS answers like this.
  const error = "<Error><Type>Sender</Type><Code>ValidationError</Code><Message>above its max size</Message></Error>";
  await proxy.until((_, __, request) =>
    operationOf(request) === "SetDesiredCapacity"
      ? { status: 400, body: `<ErrorResponse>${error}</ErrorResponse>` }
      : null,
  );
  const refused = adapter.apply({ ...initial, "instances.c5.large.onDemand": 9, replicas: 2 });
  await expect(refused).rejects.toThrow("Auto Scaling group models: expected it changed, found ValidationError: above");
  await expect(refused).rejects.toMatchObject({ left: "unchanged" });
  const half = adapter.apply({ ...initial, "instances.c5.large.onDemand": 9, replicas: 20 });
  await expect(half).rejects.toThrow("after replicas changed");
  await expect(half).rejects.toMatchObject({ left: "unknown" });
  await mend();
  await adapter.apply(initial);
}, 60_000);

test("what a knob is a number of, and who tells the metrics, must be said", async () => {
  const lacking = findAdapter("aws").openActuator(options({ resources: {} }), context());
  await expect(lacking).rejects.toThrow("options.resources.replicas: expected what the knob is a number of");
  await expect(findAdapter("aws").openObserver(options({ metrics: undefined }), context())).rejects.toThrow(
    "options.metrics: expected it, or another observer, found nothing",
  );
});
