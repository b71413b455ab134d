// Cluster files: what they may hold, how faults are told, and the task they resolve to.

import { type ClusterFile, checkCluster, isSimulated, loadCluster, openCluster } from "../../environments/index.ts";
import { ConfigError } from "../../src/core/index.ts";

const minimal = {
  name: "mine",
  adapter: "external",
  options: { endpoint: "http://127.0.0.1:9000" },
  slo: [{ percentile: 0.99, latencyMs: 100 }],
  host: { cores: 4, usdPerCoreHour: 0.1 },
  knobs: { concurrency: [1, 2, 4], maxBatchSize: [1, 8] },
  initial: { concurrency: 1, maxBatchSize: 1 },
  prior: { points: [{ batch: 1, serviceMs: 10 }] },
};

function real(document: unknown): ClusterFile {
  const file = checkCluster(document, "test");
  if (isSimulated(file)) throw new Error("expected a real cluster, found a simulated one");
  return file;
}

function open(document: unknown) {
  return openCluster(real(document), ".", "test", { dataFolder: null });
}

test("a minimal file is watched only, with nothing attached that it does not name", () => {
  expect(real(minimal)).toMatchObject({ mode: "shadow", credentialsEnv: {}, intervalS: 60, seed: 1 });
});

test.each([
  ["an unknown key", { ...minimal, adaptor: "x" }, /test: adaptor: expected a known key, found "adaptor"/],
  ["an unknown adapter", { ...minimal, adapter: "slurm" }, /adapter: expected one of simulated, .*external.*"slurm"/],
  [
    "a value of a secret",
    { ...minimal, credentialsEnv: { token: "s3cr3t!" } },
    /credentialsEnv.token: expected the name/,
  ],
  ["a role it has not", { ...minimal, credentialsEnv: { user: "X" } }, /credentialsEnv.user: expected one of token/],
  [
    "an option it has not",
    { ...minimal, options: { endpoint: "http://x", tries: 3 } },
    /options.tries: expected a known/,
  ],
  [
    "an endpoint that is none",
    { ...minimal, options: { endpoint: "x" } },
    /options.endpoint: expected an http or https/,
  ],
  [
    "a start off the lattice",
    { ...minimal, initial: { concurrency: 3 } },
    /initial.concurrency: expected one of 1, 2, 4/,
  ],
  ["a knob that is none", { ...minimal, knobs: { turbo: [1] } }, /knobs.turbo: expected one of instanceType|knobs/],
  ["prices twice", { ...minimal, catalogue: {} }, /catalogue: expected either a catalogue or a host, found both/],
  ["a percentile of 99", { ...minimal, slo: [{ percentile: 99, latencyMs: 1 }] }, /slo\[0\].percentile/],
  [
    "a point without its time",
    { ...minimal, prior: { points: [{ batch: 1 }] } },
    /prior.points\[0\].serviceMs: expected/,
  ],
  ["a mode that is none", { ...minimal, mode: "yolo" }, /mode: expected .*found "yolo"/],
  ["no SLO", { ...minimal, slo: [] }, /slo: /],
])("%s is refused by path, expected and found", (_, document, message) => {
  expect(() => checkCluster(document, "test")).toThrow(ConfigError);
  expect(() => checkCluster(document, "test")).toThrow(message);
});

test("a simulated cluster says its scenario, and may not name a file", () => {
  const simulated = checkCluster({ name: "sim", adapter: "simulated", scenario: "image-mmpp" }, "test");
  expect(simulated).toMatchObject({ mode: "shadow", speed: 600, scenario: "image-mmpp" });
  expect(() => checkCluster({ name: "sim", adapter: "simulated", scenario: "../secrets" }, "test")).toThrow(/scenario/);
});

test("the task knows what was measured: service times, prices, limits, delays", async () => {
  const task = await open({
    ...minimal,
    actuation: { concurrency: { class: "restart", delayS: 30 } },
    budget: { usdPerHour: 0.2 },
    prior: {
      points: [1, 4].flatMap((intraOpThreads) =>
        [1, 8].map((batch) => ({ intraOpThreads, batch, serviceMs: (10 * batch) / intraOpThreads })),
      ),
    },
    knobs: { ...minimal.knobs, intraOpThreads: [1, 2, 4] },
    initial: { ...minimal.initial, intraOpThreads: 1 },
  });
  expect(task.id).toBe("trimtab/Mine-v0");
  expect(task.lattice.knobs[0]).toMatchObject({ name: "concurrency", actuation: "restart", actuationDelayS: 30 });
  expect(task.model.serviceMs("host", { concurrency: 1, intraOpThreads: 4, maxBatchSize: 8 }, 8)).toBeCloseTo(20, 6);
  expect(task.committedUsdPerHour({ concurrency: 2, intraOpThreads: 2 })).toBeCloseTo(0.4, 9);
  expect(task.budgetUsdPerHour).toBe(0.2);
  expect(task.profilePoints.every(({ host }) => host === "host")).toBe(true);
});

test("points that make no full grid are fitted by a closed form", async () => {
  const points = [
    { intraOpThreads: 1, batch: 1, serviceMs: 100 },
    { intraOpThreads: 2, batch: 1, serviceMs: 50 },
    { intraOpThreads: 4, batch: 2, serviceMs: 50 },
  ].map((point, i) => (i === 2 ? point : { ...point }));
  const { intraOpThreads: _, ...bare } = { intraOpThreads: 1, batch: 4, serviceMs: 400 };
  const task = await open({ ...minimal, prior: { points: [...points, bare] } });
  // Time = 100 ms of work per item over the threads.
  expect(task.model.serviceMs("host", { concurrency: 1, intraOpThreads: 2 }, 2)).toBeCloseTo(100, 0);
});

test("without anything known of its service times a cluster cannot be tuned, and the message says what to do", async () => {
  const { prior: _, ...unknown } = minimal;
  await expect(open(unknown)).rejects.toThrow(
    /prior: expected measured points, which trimtab profile --cluster writes/,
  );
});

test("the cluster file that ships loads by name, any other by path", async () => {
  const { file } = await loadCluster("external");
  expect(file.name).toBe("my-cluster");
  await expect(loadCluster("no-such")).rejects.toThrow(/cluster: expected one of .*external/);
  await expect(loadCluster("./no-such.yaml")).rejects.toThrow(/expected a readable cluster file, found none/);
});

const watched = {
  ...minimal,
  observer: { adapter: "prometheus", options: { endpoint: "http://p:9090", preset: "vllm" } },
};

test("another adapter may tell the metrics, with options and secrets of its own", () => {
  expect(real(watched).observer).toMatchObject({ adapter: "prometheus", credentialsEnv: {} });
});

test.each([
  ["its options", { options: { endpoint: "x" } }, /observer.options.endpoint: expected an http or https/],
  ["its secrets", { credentialsEnv: { user: "U" } }, /observer.credentialsEnv.user: expected one of token/],
  ["its name", { adapter: "nagios" }, /observer.adapter: expected one of simulated, .*prometheus/],
])("an observer is checked as an adapter is: %s", (_, change, message) => {
  expect(() => checkCluster({ ...watched, observer: { ...watched.observer, ...change } }, "test")).toThrow(message);
});

test("with an observer beside it no adapter tries a change on a share of the traffic", () => {
  expect(() => checkCluster({ ...watched, mode: "canary" }, "test")).toThrow(
    /mode: expected another mode: an observer/,
  );
});
