// Servers that fail: what may have been served is served twice only where that does no harm, and nothing is lost.

import { closeAll, gatewayOf, infer, modelServer, pause, telemetry } from "./harness.ts";

afterEach(closeAll);

const once = { "x-trimtab-idempotent": "false" };
const twice = { "x-trimtab-idempotent": "true" };

test("a cut connection fails a request that must not be served twice, and repeats one that may", async () => {
  const [bad, good] = [await modelServer({ kind: "cut" }), await modelServer()];
  const gateway = await gatewayOf([bad, good]);
  const failed = await infer(gateway, [1], once);
  expect([failed.status, failed.headers.get("x-trimtab-reason")]).toEqual([502, "backend-failed"]);
  expect(failed.body.error).toMatch(/^b0: expected an answer, found none: .*; it may have been served$/);
  expect([bad.seen, good.seen]).toEqual([[[1]], []]);
  await pause(30);
  const second = await infer(gateway, [2], twice);
  const third = await infer(gateway, [3], twice);
  expect([second.status, third.status]).toEqual([200, 200]);
  expect((await telemetry(gateway)).whole.retried).toBeGreaterThanOrEqual(1);
});

test("a server that is not there costs no request, marked or not: nothing reached it", async () => {
  const gone = await modelServer();
  await gone.close();
  const good = await modelServer();
  const gateway = await gatewayOf([gone, good]);
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => infer(gateway, [i], once)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(good.seen).toHaveLength(10);
});

test("requests wait for a server that comes back before their deadline", async () => {
  const first = await modelServer();
  const { port } = first;
  const gateway = await gatewayOf([first]);
  await first.close();
  const waiting = infer(gateway, [1], once);
  await pause(100);
  const again = await modelServer({ kind: "answer" }, port);
  expect((await waiting).status).toBe(200);
  expect(again.seen).toEqual([[1]]);
});

test("a hung server is left alone until it says that it is ready", async () => {
  const [bad, good] = [await modelServer({ kind: "hang" }), await modelServer()];
  const gateway = await gatewayOf([bad, good], { backendTimeoutMs: 300, idempotent: true });
  bad.ready = false;
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => infer(gateway, [i])));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(bad.seen).toHaveLength(1);
  for (let i = 0; i < 4; i++) await infer(gateway, [i]);
  expect(bad.seen).toHaveLength(1);
  bad.behaviour = { kind: "answer" };
  bad.ready = true;
  await pause(60);
  for (let i = 0; i < 4; i++) await infer(gateway, [i]);
  expect(bad.seen.length).toBeGreaterThan(1);
});

test("a server whose requests run out of time is left alone too, though it was never late by its own limit", async () => {
  const [bad, good] = [await modelServer({ kind: "hang" }), await modelServer()];
  bad.ready = false;
  const gateway = await gatewayOf([bad, good], { deadlineMs: 2000, backendTimeoutMs: 60_000 });
  const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => infer(gateway, [i])));
  expect(answers.filter(({ status }) => status === 504)).toHaveLength(1);
  await infer(gateway, [9]);
  expect(bad.seen).toHaveLength(1);
});

test("one request that a server refuses does not spoil a batch for the others", async () => {
  const refusal = { kind: "status", status: 400, body: '{"error":"no thirteens"}', next: { kind: "answer" } } as const;
  const server = await modelServer(refusal);
  const gateway = await gatewayOf([server], { configuration: { maxBatchSize: 3, maxBatchDelayMs: 500 }, retries: 1 });
  const asked = [infer(gateway, [1], twice), infer(gateway, [13], once), infer(gateway, [2], twice)];
  const answers = await Promise.all(asked);
  // Those that may be served again are, each alone; the other gets what the server said.
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 200]);
  expect(answers[1]?.body.error).toBe("no thirteens");
  expect(
    server.seen
      .slice(1)
      .map((batch) => batch.join())
      .sort(),
  ).toEqual(["1", "2"]);
});

test("attempts are bounded, and the last answer is passed on", async () => {
  const server = await modelServer({ kind: "status", status: 503, body: '{"error":"busy"}' });
  const gateway = await gatewayOf([server], { retries: 2 });
  const { status, body } = await infer(gateway, [1], twice);
  expect([status, body.error]).toEqual([503, "busy"]);
  expect(server.seen).toHaveLength(3);
  await infer(gateway, [1], once);
  expect(server.seen).toHaveLength(4);
});

test("an error of the model itself is passed on at once", async () => {
  const server = await modelServer({ kind: "status", status: 500, body: '{"error":"bug"}' });
  const gateway = await gatewayOf([server]);
  expect((await infer(gateway, [1], twice)).body.error).toBe("bug");
  expect(server.seen).toHaveLength(1);
});

test("an answer to a batch that cannot be split is a failure, not a guess", async () => {
  const output = { name: "o", datatype: "FP32", shape: [1], data: [1] };
  const server = await modelServer({ kind: "body", body: JSON.stringify({ model_name: "m", outputs: [output] }) });
  const gateway = await gatewayOf([server], { configuration: { maxBatchSize: 2, maxBatchDelayMs: 500 } });
  const answers = await Promise.all([infer(gateway, [1]), infer(gateway, [2])]);
  expect(answers.map(({ status, headers }) => [status, headers.get("x-trimtab-reason")])).toEqual([
    [502, "unusable-answer"],
    [502, "unusable-answer"],
  ]);
  expect(answers[0]?.body.error).toMatch(/output "o": expected 2 rows, found 1/);
});
