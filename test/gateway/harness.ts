// A gateway in front of test model servers, and the calls tests make to it.

import {
  type Gateway,
  openGateway,
  parseGatewaySettings,
  type Telemetry,
  telemetrySchema,
} from "../../src/gateway/index.ts";
import { type Behaviour, type ModelServer, startModelServer } from "./model-server.ts";

/** What a test opens, closed by `closeAll`. */
const open: { close(): Promise<void> }[] = [];

/** Closes everything opened since the last call. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

/** A model server that is closed with the rest. */
export async function modelServer(behaviour?: Behaviour, port?: number): Promise<ModelServer> {
  const server = await startModelServer(behaviour, port);
  open.push(server);
  return server;
}

/** A gateway in front of one model named `m`. @param model fields of its settings. @param top other keys of the file */
export async function gatewayOf(
  servers: readonly { readonly url: string }[],
  model: object = {},
  top: object = {},
): Promise<Gateway> {
  const backends = servers.map(({ url }, i) => ({ name: `b${i}`, url }));
  const settings = parseGatewaySettings(
    { listen: { port: 0 }, admin: { port: 0 }, models: [{ name: "m", backends, probeEveryMs: 20, ...model }], ...top },
    "test",
  );
  const gateway = await openGateway({
    settings,
    version: "1.2.3",
    secret: (variable) => `secret of ${variable}`,
    onError: (error) => {
      throw error;
    },
  });
  open.push({ close: () => gateway.close(0) });
  return gateway;
}

/** An answer, its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { error?: string; id?: string; outputs?: { data: number[]; shape: number[] }[] };
}

/** Sends values as one request of shape [values, 1]. */
export async function infer(
  gateway: Gateway,
  values: readonly number[],
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Answer> {
  const body = JSON.stringify({
    id: `r${values.slice(0, 4).join("-")}`,
    inputs: [{ name: "x", shape: [values.length, 1], datatype: "FP32", data: values }],
  });
  const response = await fetch(`${gateway.url}/v2/models/m/infer`, {
    method: "POST",
    body,
    headers,
    ...(signal === undefined ? {} : { signal }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer["body"] };
}

/** Calls the admin side. */
export async function admin(gateway: Gateway, method: string, path: string, value?: unknown): Promise<Response> {
  return fetch(gateway.adminUrl + path, {
    method,
    ...(value === undefined ? {} : { body: JSON.stringify(value), headers: { "content-type": "application/json" } }),
  });
}

/** What the gateway tells a tuner of `m`. */
export async function telemetry(gateway: Gateway, query = ""): Promise<Telemetry> {
  return telemetrySchema.parse(await (await admin(gateway, "GET", `/v1/models/m/telemetry${query}`)).json());
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 30_000; !(await holds()); await pause(5)) {
    if (performance.now() > endMs) throw new Error("expected it within 10 s, found it not so");
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
