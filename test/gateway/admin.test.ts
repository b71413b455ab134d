// The admin side: hot knobs, canaries with metrics of their own, telemetry that counts at the input, and who may ask.

import { request as httpRequest } from "node:http";
import { ConfigError } from "../../src/core/index.ts";
import { BUCKET_RATIO, openGateway, parseGatewaySettings } from "../../src/gateway/index.ts";
import { admin, closeAll, gatewayOf, infer, modelServer, telemetry, until } from "./harness.ts";

afterEach(closeAll);

const configurationPath = "/v1/models/m/configuration";
const knobs = {
  concurrency: 1,
  maxBatchSize: 1,
  maxBatchDelayMs: 0,
  offloadThresholdMs: "Infinity",
  functionBatchSize: 1,
};

test("knobs turn while requests wait, and asking again for the same changes nothing", async () => {
  const server = await modelServer();
  const gateway = await gatewayOf([server], { configuration: { maxBatchSize: 8, maxBatchDelayMs: 60_000 } });
  const waiting = [1, 2, 3].map((value) => infer(gateway, [value]));
  await until(async () => (await telemetry(gateway)).waiting === 3);
  const configuration = { ...knobs, maxBatchSize: 2 };
  for (let i = 0; i < 2; i++) {
    const answer = await admin(gateway, "PUT", configurationPath, { configuration });
    expect(await answer.json()).toMatchObject({ configuration, canary: null });
  }
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(server.seen.map((batch) => batch.length)).toEqual([2, 1]);
});

test.each([
  [{ configuration: { ...knobs, maxBatchSize: 0 } }, /configuration\.maxBatchSize: expected .*, found 0/],
  [{ configuration: { ...knobs, threads: 2 } }, /configuration\.threads: expected a known key, found "threads"/],
  [{ configuration: knobs, canary: { share: 2, configuration: knobs } }, /canary\.share: expected .*, found 2/],
  [
    { configuration: knobs, canary: { share: 0.5, configuration: { ...knobs, concurrency: 2 } } },
    /canary\.configuration\.concurrency: expected the running one/,
  ],
])("a change that makes no sense is refused whole: %j", async (value, message) => {
  const gateway = await gatewayOf([await modelServer()]);
  const answer = await admin(gateway, "PUT", configurationPath, value);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([400, "application/problem+json; charset=utf-8"]);
  expect(((await answer.json()) as { detail: string }).detail).toMatch(message);
  expect((await telemetry(gateway)).configuration.maxBatchSize).toBe(1);
});

test("a canary serves its share under its own configuration, and measures it apart", async () => {
  const server = await modelServer();
  const gateway = await gatewayOf([server]);
  const canary = { share: 0.25, configuration: { ...knobs, maxBatchSize: 4, maxBatchDelayMs: 1 } };
  await admin(gateway, "PUT", configurationPath, { configuration: knobs, canary });
  for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 20 }, (_, k) => infer(gateway, [k])));
  const { whole, canary: told } = await telemetry(gateway);
  expect(whole.served).toBe(400);
  expect(told?.configuration.maxBatchSize).toBe(4);
  // Binomial with n = 400 and p = 1/4: four standard deviations are 35.
  expect(Math.abs((told?.meter.served ?? 0) - 100)).toBeLessThan(35);
  expect(told?.meter.arrived).toBe(told?.meter.served);
  expect(told?.meter.batches.some(([rows]) => rows > 1)).toBe(true);
  expect(whole.latency.buckets.reduce((sum, [, , count]) => sum + count, 0)).toBe(400);
  await admin(gateway, "PUT", configurationPath, { configuration: knobs, canary: null });
  expect((await telemetry(gateway)).canary).toBeNull();
});

test("a canary of all the traffic leaves the running configuration as it is", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 20 });
  const gateway = await gatewayOf([server]);
  const canary = { share: 1, configuration: { ...knobs, concurrency: 4 } };
  await admin(gateway, "PUT", configurationPath, { configuration: knobs, canary });
  await Promise.all(Array.from({ length: 8 }, (_, i) => infer(gateway, [i])));
  const { configuration, slots, canary: told } = await telemetry(gateway);
  expect([configuration.concurrency, slots, told?.meter.served]).toEqual([1, 4, 8]);
});

test("telemetry gives what is new since a place, and times and service by batch", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 10 });
  const gateway = await gatewayOf([server], { configuration: { maxBatchSize: 2, maxBatchDelayMs: 5000 } });
  await Promise.all([1, 2, 3, 4].map((value) => infer(gateway, [value])));
  const first = await telemetry(gateway);
  expect(first.whole.arrivals.from).toBe(0);
  expect(first.whole.arrivals.values).toHaveLength(4);
  expect(first.whole.batches).toEqual([[2, 2, expect.any(Number)]]);
  expect(first.whole.batches[0]?.[2]).toBeGreaterThanOrEqual(18);
  expect(first.whole.batchRows).toEqual({ from: 0, values: [2, 2] });
  expect(first.busySlotMs).toBeGreaterThanOrEqual(18);
  expect(first.slotMs).toBeGreaterThanOrEqual(first.busySlotMs);
  await Promise.all([5, 6].map((value) => infer(gateway, [value])));
  const second = await telemetry(gateway, "?arrivals=4&batches=2");
  expect(second.gateway).toBe(first.gateway);
  expect(second.whole.arrivals).toEqual({ from: 4, values: [expect.any(Number), expect.any(Number)] });
  expect(second.whole.arrivals.values[0]).toBeGreaterThanOrEqual(first.nowMs);
  expect(second.whole.batchRows).toEqual({ from: 2, values: [2] });
});

test("requests go to the function when their predicted wait exceeds the threshold", async () => {
  const [server, lambda] = [
    await modelServer({ kind: "answer", afterMs: 400 }),
    await modelServer({ kind: "answer", afterMs: 5 }),
  ];
  const gateway = await gatewayOf([server], {
    function: { url: `${lambda.url}/anything` },
    configuration: { offloadThresholdMs: 600 },
  });
  // Without a service time nothing can be predicted: this request teaches it.
  await infer(gateway, [0]);
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => infer(gateway, [i + 1])));
  expect(answers.map(({ status, body }) => [status, body.outputs?.[0]?.data])).toEqual(
    answers.map((_, i) => [200, [2 * (i + 1)]]),
  );
  // Behind the one in service (400 ms) one may wait; the next would wait 800 ms.
  expect([server.seen.length, lambda.seen.length]).toEqual([3, 6]);
  const { whole } = await telemetry(gateway);
  expect([whole.offloaded, whole.functionBatches.batches]).toEqual([6, 6]);
});

test("a function that is not there costs no request", async () => {
  const gone = await modelServer();
  await gone.close();
  const server = await modelServer({ kind: "answer", afterMs: 30 });
  const gateway = await gatewayOf([server], { function: { url: gone.url }, configuration: { offloadThresholdMs: 0 } });
  const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => infer(gateway, [i])));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});

test("the metrics page counts arrivals at the input and is fine enough to control on", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 20 });
  const gateway = await gatewayOf([server], { queueLimit: 1 });
  await Promise.all(Array.from({ length: 5 }, (_, i) => infer(gateway, [i])));
  const page = await (await admin(gateway, "GET", "/metrics")).text();
  const sample = (name: string): number => Number(new RegExp(`^trimtab_gateway_${name} (\\S+)$`, "m").exec(page)?.[1]);
  expect(sample('arrivals_total{model="m",traffic="whole"}')).toBe(5);
  expect(sample('served_total{model="m",traffic="whole"}')).toBe(2);
  expect(sample('failed_total{model="m",traffic="whole",reason="queue-full"}')).toBe(3);
  expect(sample('batches_total{model="m",traffic="whole",batch_size="1"}')).toBe(2);
  expect(sample('backend_ready{model="m",backend="b0"}')).toBe(1);
  const buckets = [
    ...page.matchAll(/^trimtab_gateway_request_duration_seconds_bucket\{.*le="([\d.]+)"\} (\d+)$/gm),
  ].map(([, edge, count]) => [Number(edge), Number(count)] as const);
  for (let i = 1; i < buckets.length; i++) {
    const [edge = 0, count = 0] = buckets[i] ?? [];
    const [edgeBefore = 0, countBefore = 0] = buckets[i - 1] ?? [];
    expect(edge / edgeBefore).toBeLessThanOrEqual(BUCKET_RATIO + 1e-9);
    expect(edge).toBeGreaterThan(edgeBefore);
    expect(count).toBeGreaterThanOrEqual(countBefore);
  }
  expect(buckets.at(-1)?.[1]).toBe(2);
  expect(buckets.find(([, count]) => count > 0)?.[0]).toBeGreaterThan(0.019);
  // Every family is announced once.
  const announced = [...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(announced).size).toBe(announced.length);
});

test("a token guards both sides but health, and without one only requests to this machine pass", async () => {
  const server = await modelServer();
  const listener = { port: 0, tokenEnv: "TOKEN" };
  const gateway = await gatewayOf([server], {}, { listen: listener, admin: listener });
  const authorization = "Bearer secret of TOKEN";
  expect((await infer(gateway, [1])).status).toBe(401);
  expect((await infer(gateway, [1], { authorization: "Bearer other" })).status).toBe(401);
  expect((await infer(gateway, [1], { authorization })).status).toBe(200);
  expect((await fetch(`${gateway.url}/v2/health/ready`)).status).toBe(200);
  expect((await admin(gateway, "GET", "/metrics")).status).toBe(401);
  expect((await fetch(`${gateway.adminUrl}/livez`)).status).toBe(200);
  const open = await gatewayOf([server]);
  const status = await new Promise((resolve) => {
    httpRequest(`${open.adminUrl}/metrics`, { headers: { host: "evil.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).end();
  });
  expect(status).toBe(403);
});

test("a host others can reach is refused without a token, and so are keys nobody knows", async () => {
  const models = [{ name: "m" }];
  const settings = parseGatewaySettings({ models, listen: { host: "0.0.0.0", port: 0 } }, "test");
  const opening = openGateway({ settings, version: "0", secret: () => "", onError: () => {} });
  await expect(opening).rejects.toThrow(/listen\.host: expected a loopback address, or a token .*, found 0\.0\.0\.0/);
  const wrong = (value: unknown) => () => parseGatewaySettings(value, "gateway.yaml");
  expect(wrong({ models: [{ name: "m", batch: 1 }] })).toThrow(
    new ConfigError("gateway.yaml", [{ path: "models[0].batch", expected: "a known key", found: '"batch"' }]),
  );
  expect(wrong({ models: [{ name: "m" }, { name: "m" }] })).toThrow(/models: expected names that differ/);
  expect(wrong({ models: [{ name: "m", function: {} }] })).toThrow(
    /models\[0\]\.function: expected either url or lambda/,
  );
  expect(wrong({ models: [{ name: "m", backends: [{ name: "a", url: "ftp://x" }] }] })).toThrow(
    /backends\[0\]\.url: expected an http/,
  );
});
