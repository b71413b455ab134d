// Requests through the gateway to real servers: the protocol, batches, routing, and every way in which one is turned away.

import { admin, closeAll, gatewayOf, infer, modelServer, pause, telemetry, until } from "./harness.ts";

afterEach(closeAll);

test("it speaks the protocol: health, metadata, infer, and errors in its form", async () => {
  const gateway = await gatewayOf([await modelServer()]);
  const get = async (path: string): Promise<[number, unknown]> => {
    const response = await fetch(gateway.url + path);
    return [response.status, await response.json()];
  };
  expect(await get("/v2/health/live")).toEqual([200, { live: true }]);
  expect(await get("/v2/health/ready")).toEqual([200, { ready: true }]);
  expect(await get("/v2")).toEqual([200, { name: "trimtab-gateway", version: "1.2.3", extensions: [] }]);
  expect(await get("/v2/models/m")).toEqual([200, { name: "m", platform: "test", inputs: [], outputs: [] }]);
  expect(await get("/v2/models/m/versions/1/ready")).toEqual([200, { name: "m", ready: true }]);
  expect(await get("/v2/models/other")).toEqual([404, { error: 'model: expected one of m, found "other"' }]);
  expect(await get("/v3")).toEqual([404, { error: "path: expected one of the v2 protocol, found /v3" }]);
  expect(await get("/v2/models/m/infer")).toEqual([405, { error: "method: expected POST, found GET" }]);
  const { status, headers, body } = await infer(gateway, [1, 2]);
  expect([status, headers.get("x-trimtab-backend")]).toEqual([200, "b0"]);
  expect(body).toEqual({
    model_name: "m",
    model_version: "1",
    id: "r1-2",
    outputs: [{ name: "doubled", datatype: "FP32", shape: [2, 1], data: [2, 4] }],
  });
});

test("requests share batches by size, and each gets its own rows and id back", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 30 });
  const gateway = await gatewayOf([server], { configuration: { maxBatchSize: 4, maxBatchDelayMs: 1000 } });
  const answers = await Promise.all([[1], [2], [3, 4], [5], [6], [7], [8]].map((values) => infer(gateway, values)));
  expect(answers.map(({ body }) => [body.id, body.outputs?.[0]?.data])).toEqual([
    ["r1", [2]],
    ["r2", [4]],
    ["r3-4", [6, 8]],
    ["r5", [10]],
    ["r6", [12]],
    ["r7", [14]],
    ["r8", [16]],
  ]);
  expect(server.seen.map((batch) => batch.length)).toEqual([4, 4]);
});

test("a batch that is not full leaves when its oldest request has waited the delay", async () => {
  const server = await modelServer();
  const gateway = await gatewayOf([server], { configuration: { maxBatchSize: 8, maxBatchDelayMs: 60 } });
  const startMs = performance.now();
  await Promise.all([infer(gateway, [1]), pause(20).then(() => infer(gateway, [2]))]);
  const tookMs = performance.now() - startMs;
  expect(server.seen).toEqual([[1, 2]]);
  expect(tookMs).toBeGreaterThanOrEqual(59);
});

test("requests of other shapes never share a batch", async () => {
  const server = await modelServer();
  const gateway = await gatewayOf([server], { configuration: { maxBatchSize: 8, maxBatchDelayMs: 40 } });
  const wide = fetch(`${gateway.url}/v2/models/m/infer`, {
    method: "POST",
    body: JSON.stringify({ inputs: [{ name: "x", shape: [1, 2], datatype: "FP32", data: [7, 8] }] }),
  });
  await Promise.all([infer(gateway, [1]), wide, infer(gateway, [2])]);
  expect(server.seen.map((batch) => batch.join()).sort()).toEqual(["1,2", "7,8"]);
});

test("a body that would spoil a batch is refused before it meets others", async () => {
  const server = await modelServer();
  const gateway = await gatewayOf([server], { configuration: { maxBatchSize: 4 } });
  const response = await fetch(`${gateway.url}/v2/models/m/infer`, {
    method: "POST",
    body: JSON.stringify({ inputs: [{ name: "x", shape: [1, 2], datatype: "FP32", data: [7] }] }),
  });
  expect([response.status, response.headers.get("x-trimtab-reason")]).toEqual([400, "bad-request"]);
  expect(await response.json()).toEqual({ error: "data: expected 2 values, found 1" });
  expect(server.seen).toEqual([]);
});

test("the server expected to be done first is preferred, and weights count", async () => {
  const [fast, slow] = [
    await modelServer({ kind: "answer", afterMs: 2 }),
    await modelServer({ kind: "answer", afterMs: 60 }),
  ];
  const gateway = await gatewayOf([fast, slow]);
  for (let i = 0; i < 20; i++) await infer(gateway, [i]);
  // Each is tried once; then a free fast server always wins.
  expect([fast.seen.length, slow.seen.length]).toEqual([19, 1]);
  await admin(gateway, "PUT", "/v1/models/m/backends", [
    { name: "b0", url: fast.url, weight: 0 },
    { name: "b1", url: slow.url },
  ]);
  await infer(gateway, [0]);
  expect([fast.seen.length, slow.seen.length]).toEqual([19, 2]);
});

test("equal servers take turns, and no more is under way at one than its concurrency", async () => {
  const servers = [
    await modelServer({ kind: "answer", afterMs: 25 }),
    await modelServer({ kind: "answer", afterMs: 25 }),
  ];
  const gateway = await gatewayOf(servers, { configuration: { concurrency: 2 } });
  const startMs = performance.now();
  await Promise.all(Array.from({ length: 12 }, (_, i) => infer(gateway, [i])));
  // 12 requests on 2 × 2 slots are three rounds.
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(74);
  const counts = servers.map(({ seen }) => seen.length);
  expect(counts[0]).toBeGreaterThanOrEqual(4);
  expect(counts[1]).toBeGreaterThanOrEqual(4);
});

test("a full queue refuses with 429, a reason and when to come again; arrivals count all the same", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 80 });
  const gateway = await gatewayOf([server], { queueLimit: 2 });
  const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => infer(gateway, [i])));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(3);
  expect(refused[0]?.headers.get("retry-after")).toBe("1");
  expect(refused[0]?.headers.get("x-trimtab-reason")).toBe("queue-full");
  expect(refused[0]?.body.error).toBe("queue: expected fewer than 2 requests waiting, found 2");
  const { whole } = await telemetry(gateway);
  expect([whole.arrived, whole.served, whole.failed]).toEqual([6, 3, { "queue-full": 3 }]);
});

test("a deadline that passes in the queue is a refusal, one that passes in service is not", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 2000 });
  const gateway = await gatewayOf([server]);
  const first = infer(gateway, [1], { "x-trimtab-deadline-ms": "400" });
  await until(() => server.seen.length === 1);
  const [inService, queued] = await Promise.all([first, infer(gateway, [2], { "x-trimtab-deadline-ms": "30" })]);
  expect([inService.status, inService.headers.get("x-trimtab-reason")]).toEqual([504, "deadline-in-service"]);
  expect([queued.status, queued.headers.get("x-trimtab-reason"), queued.headers.get("retry-after")]).toEqual([
    503,
    "deadline",
    "1",
  ]);
  expect(server.seen).toEqual([[1]]);
});

test.each([
  ["x-trimtab-deadline-ms", "soon", "expected a number above 0 and at most 3600000, found soon"],
  ["x-trimtab-idempotent", "maybe", "expected true or false, found maybe"],
])("a header that makes no sense is refused: %s", async (name, value, message) => {
  const gateway = await gatewayOf([await modelServer()]);
  const { status, body } = await infer(gateway, [1], { [name]: value });
  expect([status, body.error]).toEqual([400, `${name}: ${message}`]);
});

test("a body beyond the bound is refused with 413, and memory held by all with 429", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 60 });
  const gateway = await gatewayOf([server], {}, { limits: { maxBodyBytes: 4000, maxHeldBytes: 3000 } });
  const send = (values: number): ReturnType<typeof infer> =>
    infer(
      gateway,
      Array.from({ length: values }, () => 1),
    );
  expect((await send(3000)).status).toBe(413);
  const [first, second] = await Promise.all([send(1000), pause(20).then(() => send(1000))]);
  expect([first.status, second.status]).toEqual([200, 429]);
  expect((await send(1000)).status).toBe(200);
});

test("who goes away is not served, and nothing of theirs is kept", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 2000 });
  const gateway = await gatewayOf([server]);
  const waiting = async (count: number): Promise<boolean> => (await telemetry(gateway)).waiting === count;
  const abort = new AbortController();
  const first = infer(gateway, [1]);
  await until(() => server.seen.length === 1);
  const gone = infer(gateway, [2], {}, abort.signal);
  await until(() => waiting(1));
  abort.abort();
  await expect(gone).rejects.toThrow();
  await until(() => waiting(0));
  expect((await first).status).toBe(200);
  expect(server.seen).toEqual([[1]]);
  const { whole } = await telemetry(gateway);
  expect([whole.arrived, whole.served, whole.cancelled]).toEqual([2, 1, 1]);
});

test("a stop answers what has come and takes no more", async () => {
  const server = await modelServer({ kind: "answer", afterMs: 100 });
  const gateway = await gatewayOf([server]);
  const waiting = [infer(gateway, [1]), infer(gateway, [2])];
  await until(async () => (await telemetry(gateway)).whole.arrived === 2);
  const closed = gateway.close(5000);
  await expect(fetch(`${gateway.url}/v2/health/ready`)).rejects.toThrow();
  expect((await Promise.all(waiting)).map(({ status, body }) => [status, body.outputs?.[0]?.data])).toEqual([
    [200, [2]],
    [200, [4]],
  ]);
  await closed;
});

test("what is not done when the grace is over is failed, not left hanging", async () => {
  const server = await modelServer({ kind: "hang" });
  const gateway = await gatewayOf([server]);
  const waiting = [infer(gateway, [1]), infer(gateway, [2])];
  await until(async () => (await telemetry(gateway)).waiting === 1);
  await gateway.close(50);
  expect((await Promise.all(waiting)).map(({ status, headers }) => [status, headers.get("x-trimtab-reason")])).toEqual([
    [502, "backend-failed"],
    [503, "draining"],
  ]);
});
