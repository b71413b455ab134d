// A model server for benches, a process of its own: answers each whole number with its double, and writes down what it served.
//
//   node echo-server.js <port> <log file> <service ms>
// The log holds each number served, 4 bytes little-endian, written before the answer leaves, so that a kill loses none.

import { openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const [port = "0", log = "/dev/null", serviceMs = "0"] = process.argv.slice(2);
const file = openSync(log, "a");

interface Asked {
  readonly id?: string;
  readonly inputs: readonly [{ readonly shape: readonly number[]; readonly data: readonly number[] }];
}

function answerTo({ id, inputs: [{ shape, data }] }: Asked): string {
  const outputs = [{ name: "doubled", datatype: "INT64", shape, data: data.map((value) => 2 * value) }];
  return JSON.stringify({ model_name: "m", ...(id === undefined ? {} : { id }), outputs });
}

const server = createServer((request, response) => {
  if (request.method !== "POST") {
    response.end("{}");
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const asked: Asked = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const { data } = asked.inputs[0];
    const record = Buffer.alloc(4 * data.length);
    for (const [i, value] of data.entries()) record.writeInt32LE(value, 4 * i);
    writeSync(file, record);
    const finish = (): void => void response.setHeader("content-type", "application/json").end(answerTo(asked));
    if (Number(serviceMs) > 0) setTimeout(finish, Number(serviceMs));
    else finish();
  });
});

server.listen(Number(port), "127.0.0.1", () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
