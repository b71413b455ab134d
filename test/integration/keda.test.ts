// KEDA's own client, generated from the published contract, drives the scaler; KEDA's own schema takes the ScaledObject.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { openScenario } from "../../environments/index.ts";
import { exportSource, findExporter } from "../../src/export/index.ts";
import { DesiredState } from "../../src/http/desired.ts";
import { listenGrpc } from "../../src/http/index.ts";
import { ExternalScaler } from "../../src/http/keda/scaler.ts";
import { train } from "../../src/training/index.ts";
import { fastCluster, TestService } from "../http/service.ts";
import { provisioned, root, run } from "./peers-of-exports.ts";

test("the scaler is active, stale, missing and recovered, and never tells zero", async () => {
  const service = await TestService.open({ cluster: fastCluster });
  const { clusters } = service.service.services;
  const { loop } = clusters.get("default");
  await service.until(() => loop.status().lastDecision?.observation != null, 60_000);
  const record = loop.status().lastDecision;
  if (record === null) throw new Error("expected a pass, found none");
  let nowMs = 0;
  const desired = new DesiredState(clusters, () => nowMs);
  const scaler = new ExternalScaler(
    desired,
    () => null,
    () => undefined,
  );
  const grpc = await listenGrpc(scaler.handlers(), { host: "127.0.0.1", port: 0, tls: null });
  const metadata = { scalerAddress: "x", cluster: "default", deployment: "c5-large", maxStalenessSeconds: "60" };
  const ask = async (call: string, changed: Record<string, string> = {}): Promise<Record<string, unknown>> => {
    const told = JSON.stringify({ ...metadata, ...changed });
    const peer = provisioned("export-peers", "export-peers");
    return JSON.parse(await run(peer, ["keda", `127.0.0.1:${grpc.port}`, call, told]));
  };
  const count = async (): Promise<number> => {
    const { metricValues } = (await ask("GetMetrics")) as { metricValues: { metricValueFloat: number }[] };
    return metricValues[0]?.metricValueFloat ?? Number.NaN;
  };
  const pass = (outcome: typeof record.outcome): void =>
    desired.note("default", { type: "pass", record: { ...record, outcome }, micros: {}, delays: [] });

  expect(await count()).toBeGreaterThan(0);
  pass("applied");
  expect(await ask("IsActive")).toEqual({ result: true });
  expect(await ask("GetMetricSpec")).toMatchObject({
    metricSpecs: [{ metricName: "desired_replicas", targetSizeFloat: 1 }],
  });
  const active = await count();
  expect(active).toBeGreaterThan(0);
  nowMs = 30_000;
  pass("failed");
  expect(await count()).toBe(active);
  expect(await ask("StreamIsActive")).toEqual({ result: true });
  nowMs = 90_000;
  const { desiredReplicas, source } = desired.of("default", "c5-large", 60);
  expect(source).toBe("current");
  expect(desiredReplicas).toBeGreaterThan(0);
  pass("applied");
  expect(desired.of("default", "c5-large", 60)).toMatchObject({ stale: false, source: "recommendation" });
  expect(await count()).toBeGreaterThan(0);
  expect(await ask("StreamMetricSpec")).toMatchObject({ metricSpecs: [{ targetSizeFloat: 1 }] });
  expect(await ask("IsActive", { cluster: "other" })).toMatchObject({ code: "NotFound" });
  expect(await ask("IsActive", { deployment: "fax" })).toMatchObject({ code: "NotFound" });
  expect(await ask("IsActive", { maxStalenessSeconds: "soon" })).toMatchObject({ code: "InvalidArgument" });
  await grpc.close(1000);
  await service.close();
});

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

/** Where a document does not fit a Kubernetes schema; fields it does not know count too. */
function faults(schema: Schema, value: unknown, path: string): string[] {
  const is = (type: string): boolean => schema.type === undefined || schema.type === type;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${path}: not one of ${schema.enum}`];
  if (Array.isArray(value)) {
    return is("array")
      ? value.flatMap((one, i) => faults(schema.items ?? {}, one, `${path}[${i}]`))
      : [`${path}: a list`];
  }
  if (typeof value === "object" && value !== null) {
    const missing = (schema.required ?? [])
      .filter((name) => !(name in value))
      .map((name) => `${path}.${name}: missing`);
    if (schema.properties === undefined && schema.additionalProperties === undefined) return missing;
    const inner = Object.entries(value).flatMap(([name, one]) => {
      const { additionalProperties: other } = schema;
      const known = schema.properties?.[name] ?? (typeof other === "object" ? other : undefined);
      return known === undefined ? [`${path}.${name}: unknown`] : faults(known, one, `${path}.${name}`);
    });
    return is("object") ? [...missing, ...inner] : [`${path}: an object`];
  }
  const fits = is(typeof value) || (schema.type === "integer" && Number.isInteger(value));
  return fits ? [] : [`${path}: expected ${schema.type}, found ${typeof value}`];
}

test("the exported ScaledObject fits KEDA's own schema", async () => {
  const open = await openScenario(join(root, "test", "fixtures", "tiny-batches.yaml"), { dataFolder: null });
  const source = exportSource(open, (await train(open, { agent: "region-q", seed: 1, episodes: 1 })).spec);
  const [file] = await findExporter("keda").export(source);
  const keda = (await readFile(provisioned("export-peers", "keda"), "utf8")).trim();
  const crd = parse(await readFile(join(keda, "config", "crd", "bases", "keda.sh_scaledobjects.yaml"), "utf8"));
  const schema: Schema = crd.spec.versions[0].schema.openAPIV3Schema;
  const documents = parseAllDocuments(String(file?.content)).map((document) => document.toJS());
  expect(documents.length).toBeGreaterThan(0);
  for (const document of documents) expect(faults(schema, document, "")).toEqual([]);
  expect(faults(schema, { ...documents[0], spec: { triggers: [{ type: 5, fax: 1 }] } }, "").length).toBeGreaterThan(1);
});
