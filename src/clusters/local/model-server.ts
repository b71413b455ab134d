// A local model server, a process of its own: one model instance that serves one batch at a time over the v2 protocol.
//
//   node model-server.js <threads> <seed>

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { SeededRandom } from "../../math/index.ts";
import { LOCAL_MODEL, onnxModel } from "./onnx-model.ts";
import { openSession } from "./session.ts";

const MOST_BYTES = 64 << 20;

const inferSchema = z.object({
  id: z.string().optional(),
  inputs: z.tuple([
    z.object({
      name: z.literal("input"),
      datatype: z.literal("FP32"),
      shape: z.tuple([z.number().int().positive(), z.literal(LOCAL_MODEL.inputs)]),
      data: z.array(z.number()),
    }),
  ]),
});

const [threads = "1", seed = "1"] = process.argv.slice(2);
const session = await openSession(onnxModel(LOCAL_MODEL, new SeededRandom(Number(seed))), Number(threads));
let busy: Promise<unknown> = Promise.resolve();

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new RangeError(`body: expected at most ${MOST_BYTES} bytes, found more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function infer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { id, inputs } = inferSchema.parse(JSON.parse(await bodyOf(request)));
  const [{ shape, data }] = inputs;
  const [rows, width] = shape;
  if (data.length !== rows * width) throw new RangeError(`data: expected ${rows * width} values, found ${data.length}`);
  // A model instance does one batch at a time; who comes meanwhile waits.
  const turn = busy.then(() => session.run(Float32Array.from(data), rows));
  busy = turn.catch(() => undefined);
  const values = await turn;
  const output = { name: "output", datatype: "FP32", shape: [rows, values.length / rows], data: Array.from(values) };
  send(response, 200, { model_name: "mlp", ...(id === undefined ? {} : { id }), outputs: [output] });
}

const metadata = {
  name: "mlp",
  platform: session.runtime,
  inputs: [{ name: "input", datatype: "FP32", shape: [-1, LOCAL_MODEL.inputs] }],
  outputs: [{ name: "output", datatype: "FP32", shape: [-1, LOCAL_MODEL.outputs] }],
};

/** Longer than the gateway keeps a connection idle, so that it is the gateway that closes them. */
const KEEP_ALIVE_MS = 75_000;

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
  if (request.method === "POST" && request.url === "/v2/models/mlp/infer") {
    infer(request, response).catch((error: unknown) => send(response, 400, { error: String(error) }));
    return;
  }
  request.resume();
  if (request.url === "/v2/health/ready" || request.url === "/v2/health/live") send(response, 200, {});
  else if (request.url === "/v2/models/mlp") send(response, 200, metadata);
  else send(response, 404, { error: `path: expected one of the v2 protocol, found ${request.url}` });
});

/** For how long it asks itself before it is announced, and rows of the requests: first ones pay for what is put off till then. */
const WARM_UP_MS = 1000;
const WARM_UP_ROWS = [1, 4, 1, 16];

async function warmUp(port: number): Promise<void> {
  const endMs = performance.now() + WARM_UP_MS;
  for (let asked = 0; performance.now() < endMs; asked++) {
    const rows = WARM_UP_ROWS[asked % WARM_UP_ROWS.length] ?? 1;
    const data = new Array<number>(rows * LOCAL_MODEL.inputs).fill(0.5);
    const inputs = [{ name: "input", datatype: "FP32", shape: [rows, LOCAL_MODEL.inputs], data }];
    const answer = await fetch(`http://127.0.0.1:${port}/v2/models/mlp/infer`, {
      method: "POST",
      body: JSON.stringify({ inputs }),
    });
    if (!answer.ok) throw new Error(`warm-up: expected an answer, found ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}

server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address() as AddressInfo;
  await warmUp(port);
  process.stdout.write(`${session.runtime} on port ${port}\n`);
});
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
// Nothing outlives who started it, however that one ended.
process.on("disconnect", () => process.exit(0));
