// A model server for tests: doubles each number it is sent, over real HTTP, and misbehaves when told to.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server does with an infer request. */
export type Behaviour =
  | { readonly kind: "answer"; readonly afterMs?: number }
  /** Never answers. */
  | { readonly kind: "hang" }
  /** Takes the request and cuts the connection. */
  | { readonly kind: "cut" }
  /** @property next how it behaves from its next request on; the same where absent */
  | { readonly kind: "status"; readonly status: number; readonly body: string; readonly next?: Behaviour }
  /** Answers with this whatever was asked. */
  | { readonly kind: "body"; readonly body: string };

/** A running server. */
export interface ModelServer {
  readonly url: string;
  readonly port: number;
  /** Values of every request that came in, one list a request, in order. */
  readonly seen: number[][];
  behaviour: Behaviour;
  /** Whether its health says ready. */
  ready: boolean;
  close(): Promise<void>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function doubled(input: { shape: number[]; data: number[] }, id: string | undefined): string {
  const outputs = [
    { name: "doubled", datatype: "FP32", shape: input.shape, data: input.data.map((value) => 2 * value) },
  ];
  return JSON.stringify({ model_name: "m", model_version: "1", ...(id === undefined ? {} : { id }), outputs });
}

/** Starts a server. @param port 0 for any that is free */
export async function startModelServer(behaviour: Behaviour = { kind: "answer" }, port = 0): Promise<ModelServer> {
  const timers = new Set<NodeJS.Timeout>();
  const state: { behaviour: Behaviour; ready: boolean; seen: number[][] } = { behaviour, ready: true, seen: [] };
  const infer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked: { id?: string; inputs: [{ shape: number[]; data: number[] }] } = JSON.parse(await textOf(request));
    state.seen.push(asked.inputs[0].data);
    const { behaviour: now } = state;
    if (now.kind === "status") state.behaviour = now.next ?? now;
    response.setHeader("content-type", "application/json");
    if (now.kind === "hang") return;
    if (now.kind === "cut") request.socket.destroy();
    else if (now.kind === "status") response.writeHead(now.status).end(now.body);
    else if (now.kind === "body") response.end(now.body);
    else {
      const timer = setTimeout(() => {
        timers.delete(timer);
        response.end(doubled(asked.inputs[0], asked.id));
      }, now.afterMs ?? 0);
      timers.add(timer);
    }
  };
  const server = createServer((request, response) => {
    if (request.method === "POST") void infer(request, response);
    else if (request.url === "/v2/health/ready") response.writeHead(state.ready ? 200 : 503).end("{}");
    else response.end(JSON.stringify({ name: "m", platform: "test", inputs: [], outputs: [] }));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () => {
      for (const timer of timers) clearTimeout(timer);
      return new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  });
}
