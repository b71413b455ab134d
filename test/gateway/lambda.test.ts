// Offload by the Invoke API, through AWS's own SDK to a mock of the service: nothing but AWS has the real one.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { closeAll, gatewayOf, infer, modelServer, telemetry } from "./harness.ts";

interface Invocation {
  readonly path: string;
  readonly authorization: string;
  readonly event: unknown;
}

let server: Server;
let invocations: Invocation[];
let answer: { status: number; headers: Record<string, string>; body: string };
const before = { ...process.env };

beforeEach(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key", AWS_REGION: "us-east-1" });
  invocations = [];
  const outputs = [{ name: "doubled", datatype: "FP32", shape: [1, 1], data: [42] }];
  answer = { status: 200, headers: {}, body: JSON.stringify({ model_name: "m", outputs }) };
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const event: unknown = JSON.parse(Buffer.concat(chunks).toString());
    invocations.push({ path: request.url ?? "", authorization: request.headers.authorization ?? "", event });
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  await closeAll();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  process.env = { ...before };
});

async function offloading(): ReturnType<typeof gatewayOf> {
  const { port } = server.address() as AddressInfo;
  const lambda = { functionName: "doubler", region: "us-east-1", endpoint: `http://127.0.0.1:${port}` };
  // A server that is never free: whatever comes second is offloaded.
  const busy = await modelServer({ kind: "hang" });
  const gateway = await gatewayOf([busy], {
    function: { lambda },
    configuration: { offloadThresholdMs: 0 },
    retries: 0,
  });
  void infer(gateway, [0]).catch(() => undefined);
  while (busy.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return gateway;
}

test("the event is the infer request, signed, and the result is the answer", async () => {
  const gateway = await offloading();
  const { status, body, headers } = await infer(gateway, [21]);
  expect([status, body.outputs?.[0]?.data, headers.get("x-trimtab-backend")]).toEqual([200, [42], "function"]);
  expect(invocations).toHaveLength(1);
  expect(invocations[0]?.path).toBe("/2015-03-31/functions/doubler/invocations");
  expect(invocations[0]?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=id\//);
  expect(invocations[0]?.event).toMatchObject({ id: "r21", inputs: [{ data: [21] }] });
  expect((await telemetry(gateway)).whole.offloaded).toBe(1);
});

test("an error of the function's own is a failure that says so, and is not repeated by the SDK", async () => {
  answer = { status: 200, headers: { "x-amz-function-error": "Unhandled" }, body: '{"errorMessage":"boom"}' };
  const gateway = await offloading();
  const { status, body } = await infer(gateway, [21]);
  expect([status, body.error]).toEqual([502, 'function: expected an answer, found Unhandled: {"errorMessage":"boom"}']);
  expect(invocations).toHaveLength(1);
});

test("a throttled call was not served, so its request goes to the servers, marked or not", async () => {
  answer = {
    status: 429,
    headers: { "x-amzn-errortype": "TooManyRequestsException" },
    body: '{"message":"slow down"}',
  };
  const gateway = await offloading();
  const { status, headers } = await infer(gateway, [21], {
    "x-trimtab-deadline-ms": "500",
    "x-trimtab-idempotent": "false",
  });
  // The server stays busy, so that it waits there in vain: a refusal, not a failure.
  expect([status, headers.get("x-trimtab-reason")]).toEqual([503, "deadline"]);
  expect(invocations).toHaveLength(1);
});
