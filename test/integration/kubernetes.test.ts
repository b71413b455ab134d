// The kubernetes adapter against a real API server, while a real Prometheus observes: replicas, fields, leadership.

import type { Actuator } from "../../src/clusters/halves.ts";
import { findAdapter, joined, systemClock } from "../../src/clusters/index.ts";
import type { ClusterAdapter, Configuration, Knob } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { adapterContract } from "../contracts/adapter.ts";
import { KubernetesServer, workload } from "../live/kubernetes-server.ts";
import { Load, post } from "../live/load.ts";
import { ModelServer } from "../live/model-server.ts";
import { PrometheusServer, SCRAPE_S } from "../live/prometheus-server.ts";
import { TamperingProxy } from "../live/tampering-proxy.ts";
import { WorkloadController } from "../live/workload-controller.ts";

const knobs: readonly Knob[] = [
  { name: "replicas", values: [1, 2, 4], actuation: "provision", actuationDelayS: 1, decideEveryS: 0 },
  { name: "maxBatchSize", values: [1, 2, 8], actuation: "restart", actuationDelayS: 1, decideEveryS: 0 },
];
const initial: Configuration = { replicas: 2, maxBatchSize: 2 };

const names = {
  entered: "model_requests_total",
  left: "model_answers_total",
  running: "model_running",
  waiting: "model_waiting",
  latency: "model_latency_seconds",
  perSecond: 1,
  busy: "model_busy_seconds_total",
};

const metrics = {
  arrivals: { entered: names.entered },
  latency: { histogram: names.latency, unit: "s" },
  queue: [names.waiting],
  utilization: { busy: names.busy, unit: "s", lanes: 2 },
  batch: null,
  service: null,
  dropped: null,
  offloaded: null,
};

const context = {
  cluster: "mine",
  knobs,
  slo: [{ percentile: 0.99, latencyMs: 100 }] as const,
  initial: {},
  committedUsdPerHour: ({ replicas }: Configuration) => Number(replicas),
  secret: () => null,
  clock: systemClock,
};

let api: KubernetesServer;
let prometheus: PrometheusServer;
let model: ModelServer;
let controller: WorkloadController;
let load: Load;

beforeAll(async () => {
  api = await KubernetesServer.start();
  prometheus = await PrometheusServer.start();
  model = new ModelServer({ concurrency: 2, maxBatchSize: 2 }, names);
  await model.listen();
  await post(model.url)();
  controller = new WorkloadController(api, model);
  load = new Load(30, post(model.url), new SeededRandom(1));
  await prometheus.watch([model.port]);
}, 240_000);

afterAll(async () => {
  await controller?.stop();
  await load?.stop();
  await model?.stop();
  await prometheus?.stop();
  await api?.stop();
});

function options(change: Record<string, unknown> = {}) {
  return {
    kubeconfig: api.kubeconfig(),
    namespace: workload.namespace,
    apiVersion: `${workload.group}/${workload.version}`,
    resource: workload.plural,
    name: workload.name,
    instanceType: "pod",
    fields: { maxBatchSize: "spec.containers[name=server].env[name=MAX_BATCH].value" },
    timeoutMs: 1000,
    ...change,
  };
}

function actuator(change: Record<string, unknown> = {}) {
  return findAdapter("kubernetes").openActuator(options(change), context);
}

async function converged(cluster: Actuator, wanted: Configuration): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    // Seen first in the middle of a change, nobody knows what is in force.
    const state = await cluster.observe().catch(() => null);
    if (state?.inFlight === null && JSON.stringify(state.configuration) === JSON.stringify(wanted)) return;
    await systemClock.sleep(200);
  }
  throw new Error(`expected ${JSON.stringify(wanted)} in force, found it missing`);
}

adapterContract("kubernetes", async () => {
  const proxy = new TamperingProxy(prometheus.url);
  await proxy.listen();
  const turning = await actuator({ lease: null });
  await turning.apply(initial);
  await converged(turning, initial);
  const watching = await findAdapter("prometheus").openObserver(
    { endpoint: proxy.url, scrapeS: SCRAPE_S, maxAgeS: 4 * SCRAPE_S, lookbackS: 0, metrics },
    context,
  );
  const adapter: ClusterAdapter = joined(turning, watching, context);
  return {
    adapter,
    other: { replicas: 4, maxBatchSize: 8 },
    windowS: 2 * SCRAPE_S,
    failedReads: {
      "no answer of the observer": () => proxy.untilSilent(),
      "no answer of the API server": () => api.untilHanging(),
      "a workload with a value nobody offered": async () => {
        await direct({ spec: { replicas: 3 } });
        return async () => {
          await direct({ spec: { replicas: 2 } });
          await converged(turning, initial);
        };
      },
    },
    deafen: async () => {
      controller.deaf = true;
      return async () => {
        controller.deaf = false;
      };
    },
    changes: async () => controller.rollouts,
    close: async () => {
      controller.deaf = false;
      await adapter.close();
      await proxy.stop();
    },
  };
});

/** A change by somebody else. */
async function direct(body: object): Promise<void> {
  const { PatchStrategy, setHeaderOptions } = await import("@kubernetes/client-node");
  const headers = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  await api.objects.patchNamespacedCustomObject({ ...workload, body }, headers);
}

test("only the service that holds the lease changes the workload, and a lease that ran out is anybody's", async () => {
  const lease = { name: "tuner", durationS: 3 };
  const first = await actuator({ lease });
  const second = await actuator({ lease });
  await first.apply(initial);
  await expect(second.apply({ replicas: 4 })).rejects.toThrow(
    /lease default\/tuner: expected to hold it, found it held by/,
  );
  await expect(second.apply({ replicas: 4 })).rejects.toMatchObject({ left: "unchanged" });
  await converged(second, initial);
  // Observing renews it.
  for (let i = 0; i < 4; i++) {
    await systemClock.sleep(1000);
    await first.observe();
  }
  await expect(second.apply({ replicas: 4 })).rejects.toThrow("found it held by");
  await systemClock.sleep(3500);
  await second.apply({ ...initial, replicas: 4 });
  await expect(first.apply(initial)).rejects.toThrow("found it held by");
  // Given up, it need not run out.
  await second.close();
  await first.apply(initial);
  await first.close();
}, 60_000);

test("a flag among a container's arguments is a place, and the rest of the object is left alone", async () => {
  const flags = { fields: { maxBatchSize: "spec.containers[name=server].args --max-num-seqs" }, lease: null };
  const seqs = { ...context, knobs: [{ ...knobs[1], name: "maxBatchSize", values: [64, 128] }] as Knob[] };
  const cluster = await findAdapter("kubernetes").openActuator(options(flags), seqs);
  await cluster.apply({ maxBatchSize: 128 });
  const changed = await api.objects.getNamespacedCustomObject(workload);
  expect(changed).toMatchObject({
    spec: {
      containers: [{ name: "proxy" }, { args: ["--model=resnet", "--max-num-seqs=128"], env: [{ value: "2" }] }],
    },
  });
  await cluster.apply({ maxBatchSize: 64 });
  const missing = await findAdapter("kubernetes").openActuator(
    options({ fields: { maxBatchSize: "spec.containers[name=gone].image" }, lease: null }),
    context,
  );
  await expect(missing.apply({ maxBatchSize: 8 })).rejects.toThrow(
    "expected its place in the object, found nothing there",
  );
  await expect(missing.observe()).rejects.toThrow("maxBatchSize: expected one of 1, 2, 8, found nothing");
}, 60_000);

test("a workload that is not there, and a kubeconfig that is not, are errors and never a zero", async () => {
  const absent = await actuator({ name: "nothing", lease: null });
  await expect(absent.observe()).rejects.toThrow(/modeldeployments default\/nothing: .*expected 2xx, found 404/);
  await expect(absent.apply({ replicas: 1 })).rejects.toMatchObject({ left: "unchanged" });
  await expect(actuator({ kubeconfig: "/no/such/file" })).rejects.toThrow(
    "options.kubeconfig: expected a kubeconfig file",
  );
}, 60_000);

test("opened without an observer it says what the cluster file must name", async () => {
  await expect(findAdapter("kubernetes").open(options(), context)).rejects.toThrow(
    "observer: expected an adapter that tells metrics, which kubernetes does not, found none",
  );
});
