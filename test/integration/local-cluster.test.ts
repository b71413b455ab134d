// The local cluster: real servers that infer, in processes of their own, held to the adapter contract under their own load.

import onnxProto from "onnx-proto";
import { systemClock } from "../../src/clusters/index.ts";
import { LOCAL_MODEL, onnxModel } from "../../src/clusters/local/onnx-model.ts";
import { Workers } from "../../src/clusters/local/workers.ts";
import { type LocalCluster, local } from "../../src/clusters/local.ts";
import { ActuationError, ObservationError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { type AdapterBench, adapterContract } from "../contracts/adapter.ts";
import { knob } from "../simulator/plans.ts";

const restart = { actuation: "restart", actuationDelayS: 3 } as const;

const context = {
  cluster: "here",
  knobs: [
    knob("concurrency", [1, 2], restart),
    knob("intraOpThreads", [1, 2], restart),
    knob("maxBatchSize", [1, 4]),
    knob("maxBatchDelayMs", [0, 5]),
  ],
  slo: [{ percentile: 0.95, latencyMs: 500 }],
  initial: {},
  committedUsdPerHour: () => 1,
  secret: () => null,
  clock: systemClock,
} as const;

function start(timeoutMs = 10_000): Promise<LocalCluster> {
  const load = { workload: { model: "poisson", rateRps: 40, durationS: 3600 } };
  return local.open({ load, timeoutMs }, context) as Promise<LocalCluster>;
}

/** The gateway's process, stopped and going again. */
async function freeze(cluster: LocalCluster): Promise<() => Promise<void>> {
  const pid = cluster.gatewayPid ?? 0;
  process.kill(pid, "SIGSTOP");
  return async () => {
    process.kill(pid, "SIGCONT");
  };
}

async function bench(): Promise<AdapterBench> {
  const cluster = await start(3000);
  return {
    adapter: cluster,
    windowS: 1,
    other: { concurrency: 2, intraOpThreads: 2, maxBatchSize: 4, maxBatchDelayMs: 5 },
    failedReads: {},
    deafen: () => freeze(cluster),
    close: () => cluster.close(),
  };
}

adapterContract("local", bench, {
  failedReads: "it reads as the gateway adapter does, which is held to that; a hung gateway is looked at below",
});

/** The model by hand: what the servers must answer. */
function forward(input: readonly number[], seed: number): number[] {
  const bytes = onnxModel(LOCAL_MODEL, new SeededRandom(seed));
  const { graph } = onnxProto.onnx.ModelProto.decode(bytes);
  const floats = (name: string): Float32Array => {
    const raw = graph?.initializer?.find((one) => one.name === name)?.rawData ?? new Uint8Array();
    return new Float32Array(new Uint8Array(raw).buffer);
  };
  let values = [...input];
  for (let layer = 0; layer <= LOCAL_MODEL.hiddenLayers; layer++) {
    const [w, b] = [floats(`w${layer}`), floats(`b${layer}`)];
    const sums = Array.from(b);
    values.forEach((value, row) => {
      for (let column = 0; column < b.length; column++) {
        sums[column] = (sums[column] ?? 0) + value * (w[row * b.length + column] ?? 0);
      }
    });
    values = layer < LOCAL_MODEL.hiddenLayers ? sums.map((sum) => Math.max(0, sum)) : sums;
  }
  return values;
}

describe("the local cluster", () => {
  let cluster: LocalCluster;
  beforeAll(async () => {
    cluster = await start(2000);
  });
  afterAll(() => cluster.close());

  test("its servers infer: answers are the model's, alone and in batches", async () => {
    await cluster.apply({ maxBatchSize: 4, maxBatchDelayMs: 5 });
    const inputs = [0, 1, 2, 3].map((k) => Array.from({ length: LOCAL_MODEL.inputs }, (_, i) => Math.sin(i + k)));
    const answers = await Promise.all(
      inputs.map(async (data) => {
        const body = JSON.stringify({
          inputs: [{ name: "input", shape: [1, LOCAL_MODEL.inputs], datatype: "FP32", data }],
        });
        const response = await fetch(`${cluster.url}/v2/models/mlp/infer`, { method: "POST", body });
        const { outputs } = (await response.json()) as { outputs: [{ data: number[] }] };
        return outputs[0].data;
      }),
    );
    expect(cluster.runtime).toMatch(/^onnxruntime-(node|web)$/);
    answers.forEach((answer, k) => {
      const expected = forward(inputs[k] ?? [], 1);
      expect(answer).toHaveLength(LOCAL_MODEL.outputs);
      answer.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 4);
      });
    });
  });

  test("no request fails while servers are exchanged for others", async () => {
    await cluster.observe();
    await cluster.apply({ concurrency: 2, intraOpThreads: 1 });
    await cluster.apply({ concurrency: 1, intraOpThreads: 2 });
    const { metrics, configuration } = await cluster.observe();
    expect(metrics.requests).toBeGreaterThan(0);
    expect(metrics.dropped).toBe(0);
    expect(configuration).toMatchObject({ concurrency: 1, intraOpThreads: 2 });
  });

  test("a trial serves all of the traffic, is told apart, and ends", async () => {
    const before = (await cluster.observe()).configuration;
    const trial = { share: 1, stages: [{ windowShare: 0.5 }] };
    await expect(cluster.apply(before, { ...trial, share: 0.5 })).rejects.toThrow(/trial\.share: expected 1/);
    const tried = { ...before, maxBatchSize: 1, maxBatchDelayMs: 0 };
    await cluster.apply(tried, trial);
    await cluster.advance(2);
    const { configuration, canary } = await cluster.observe();
    expect(configuration).toEqual(before);
    expect(canary?.configuration).toEqual(tried);
    expect(canary?.metrics.requests).toBeGreaterThan(0);
    await cluster.apply(before);
    await cluster.advance(0.5);
    expect((await cluster.observe()).canary).toBeNull();
  });

  test("a gateway that hangs is an error, and the next window is whole again", async () => {
    const { configuration } = await cluster.observe();
    const mend = await freeze(cluster);
    await expect(cluster.observe()).rejects.toThrow(ObservationError);
    await expect(cluster.apply({ ...configuration, maxBatchSize: 1, maxBatchDelayMs: 0 })).rejects.toThrow(
      ActuationError,
    );
    await mend();
    await cluster.apply(configuration);
    await cluster.advance(1);
    await cluster.observe();
    await cluster.advance(1);
    expect((await cluster.observe()).metrics.requests).toBeGreaterThan(0);
  });
});

test("servers whose change nobody heard go on until one is heard, and end with the cluster", async () => {
  let deaf = false;
  let urls: string[] = [];
  const announce = async (backends: readonly { readonly url: string }[]): Promise<void> => {
    if (deaf) throw new ActuationError("nobody hears", { left: "unknown" });
    urls = backends.map(({ url }) => url);
  };
  const workers = new Workers(1, announce, (error) => {
    throw error;
  });
  const lives = (url = ""): Promise<boolean> => fetch(`${url}/v2/health/live`).then(({ ok }) => ok);
  await workers.become({ count: 1, threads: 1 });
  const [first] = urls;
  deaf = true;
  await expect(workers.become({ count: 1, threads: 2 })).rejects.toThrow("nobody hears");
  expect(await lives(first)).toBe(true);
  deaf = false;
  // The plan is the one it has; who is to hear of it has not.
  await workers.become({ count: 1, threads: 2 });
  const [second] = urls;
  expect(second).not.toBe(first);
  await expect(lives(first)).rejects.toThrow();
  deaf = true;
  await expect(workers.become({ count: 1, threads: 1 })).rejects.toThrow("nobody hears");
  await workers.close();
  await expect(lives(second)).rejects.toThrow();
});
