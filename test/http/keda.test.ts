// KEDA's external scaler, called over gRPC as KEDA calls it.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Client, credentials, loadPackageDefinition, type ServiceError, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { listenGrpc, PROTO_PATH } from "../../src/http/index.ts";
import { fastCluster, TestService } from "./service.ts";

type Call = (request: unknown, done: (error: ServiceError | null, answer: unknown) => void) => void;

function clientAt(address: string, tls = credentials.createInsecure()): Client & Record<string, Call> {
  const loaded = loadPackageDefinition(loadSync(PROTO_PATH, { longs: Number, defaults: true })) as unknown as {
    externalscaler: { ExternalScaler: new (address: string, credentials: unknown) => Client & Record<string, Call> };
  };
  return new loaded.externalscaler.ExternalScaler(address, tls);
}

const ask = (client: Record<string, Call>, call: string, request: unknown): Promise<unknown> =>
  new Promise((resolve, reject) =>
    client[call]?.(request, (error, answer) => (error ? reject(error) : resolve(answer))),
  );

const ref = (scalerMetadata: Record<string, string>) => ({ name: "model", namespace: "prod", scalerMetadata });
const good = ref({ scalerAddress: "trimtab:8081", cluster: "default", deployment: "c5-large" });

let service: TestService;
beforeAll(async () => {
  service = await TestService.open({ cluster: fastCluster });
});
afterAll(() => service.close());

test("the unary calls answer with the desired count, as both kinds of number", async () => {
  const grpc = await listenGrpc(service.service.scaler.handlers(), { host: "127.0.0.1", port: 0, tls: null });
  const client = clientAt(`127.0.0.1:${grpc.port}`);
  const { desiredReplicas } = service.service.services.desired.of("default", "c5-large");
  expect(desiredReplicas).toBeGreaterThan(0);
  expect(await ask(client, "IsActive", good)).toEqual({ result: true });
  expect(await ask(client, "GetMetricSpec", good)).toEqual({
    metricSpecs: [{ metricName: "desired_replicas", targetSize: 1, targetSizeFloat: 1 }],
  });
  const values = await ask(client, "GetMetrics", { scaledObjectRef: good, metricName: "desired_replicas" });
  expect(values).toMatchObject({ metricValues: [{ metricName: "desired_replicas" }] });
  const [value] = (values as { metricValues: { metricValue: number; metricValueFloat: number }[] }).metricValues;
  expect(value?.metricValue).toBe(value?.metricValueFloat);
  expect(value?.metricValue).toBeGreaterThan(0);
  client.close();
  await grpc.close(1000);
});

test("wrong metadata gets a status and a message that says what was expected", async () => {
  const grpc = await listenGrpc(service.service.scaler.handlers(), { host: "127.0.0.1", port: 0, tls: null });
  const client = clientAt(`127.0.0.1:${grpc.port}`);
  const wrong: readonly (readonly [Record<string, string>, status, RegExp])[] = [
    [{}, status.INVALID_ARGUMENT, /cluster: expected/],
    [{ cluster: "default" }, status.INVALID_ARGUMENT, /deployment: expected a deployment or a knob, found none/],
    [{ cluster: "other", deployment: "c5-large" }, status.NOT_FOUND, /cluster: expected one of default, found "other"/],
    [{ cluster: "default", deployment: "fax" }, status.NOT_FOUND, /deployment: expected one of c5-large, found "fax"/],
    [
      { cluster: "default", deployment: "c5-large", maxStalenessSeconds: "soon" },
      status.INVALID_ARGUMENT,
      /maxStalenessSeconds/,
    ],
    [{ cluster: "default", deployment: "c5-large", maxStaleness: "5" }, status.INVALID_ARGUMENT, /maxStaleness/],
  ];
  for (const [metadata, code, details] of wrong) {
    await expect(ask(client, "IsActive", ref(metadata))).rejects.toMatchObject({
      code,
      details: expect.stringMatching(details),
    });
  }
  const other = ask(client, "GetMetrics", { scaledObjectRef: good, metricName: "fax" });
  await expect(other).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  client.close();
  await grpc.close(1000);
});

test("both streams tell the present state at once, and end when the caller goes away", async () => {
  const grpc = await listenGrpc(service.service.scaler.handlers(), { host: "127.0.0.1", port: 0, tls: null });
  const client = clientAt(`127.0.0.1:${grpc.port}`);
  for (const [call, first] of [
    ["StreamIsActive", { result: true }],
    ["StreamMetricSpec", { metricSpecs: [{ metricName: "desired_replicas", targetSize: 1, targetSizeFloat: 1 }] }],
  ] as const) {
    const open = client[call] as unknown as (request: unknown) => NodeJS.EventEmitter & { cancel(): void };
    const stream = open.call(client, good);
    stream.on("error", () => undefined);
    expect(await new Promise((resolve) => stream.once("data", resolve))).toEqual(first);
    stream.cancel();
  }
  client.close();
  await grpc.close(1000);
});

test("over TLS clients need a certificate of the authority", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trimtab-tls-"));
  const openssl = (...args: string[]) => promisify(execFile)("openssl", args, { cwd: folder });
  try {
    await openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "key.pem",
      "-out",
      "cert.pem",
      "-days",
      "1",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
    );
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const tls = { cert, key, clientCa: cert };
    const grpc = await listenGrpc(service.service.scaler.handlers(), { host: "127.0.0.1", port: 0, tls });
    const [certificate, privateKey] = await Promise.all([readFile(cert), readFile(key)]);
    const known = clientAt(`localhost:${grpc.port}`, credentials.createSsl(certificate, privateKey, certificate));
    expect(await ask(known, "IsActive", good)).toEqual({ result: true });
    const unknown = clientAt(`localhost:${grpc.port}`, credentials.createSsl(certificate));
    await expect(ask(unknown, "IsActive", good)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    known.close();
    unknown.close();
    await grpc.close(1000);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("an address others can reach is refused without client certificates", async () => {
  const listening = listenGrpc(service.service.scaler.handlers(), { host: "0.0.0.0", port: 0, tls: null });
  await expect(listening).rejects.toThrow(/grpc-host: expected a loopback address, or TLS with client certificates/);
});
