// What other controllers are told of a running tuner: never zero for want of knowledge, and always whether it is stale.

import type { LoopEvent } from "../../src/control/index.ts";
import { DesiredState } from "../../src/http/desired.ts";
import { fastCluster, TestService } from "./service.ts";

let service: TestService;
beforeAll(async () => {
  service = await TestService.open({ cluster: fastCluster });
});
afterAll(() => service.close());

async function lastRecord() {
  const { loop } = service.service.services.clusters.get("default");
  for (let i = 0; i < 200 && loop.status().lastDecision?.observation == null; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { lastDecision } = loop.status();
  if (lastDecision === null) throw new Error("expected a pass, found none");
  return lastDecision;
}

test("the count is fresh, then held and stale, then what runs, and fresh again", async () => {
  const record = await lastRecord();
  let nowMs = 0;
  const desired = new DesiredState(service.service.services.clusters, () => nowMs);
  const pass = (outcome: typeof record.outcome): LoopEvent => ({
    type: "pass",
    record: { ...record, outcome },
    micros: {},
    delays: [],
  });
  const before = desired.of("default", "c5-large");
  expect(before).toMatchObject({ stale: true, source: "current", ageS: null });
  expect(before.desiredReplicas).toBeGreaterThan(0);

  desired.note("default", pass("held"));
  const fresh = desired.of("default", "c5-large");
  expect(fresh).toMatchObject({ stale: false, source: "recommendation", decisionId: record.id, ageS: 0 });
  expect(fresh.desiredReplicas).toBeGreaterThan(0);

  nowMs = 10_000;
  desired.note("default", pass("failed"));
  const held = desired.of("default", "instances.c5.large.onDemand");
  expect(held).toMatchObject({ stale: true, source: "last-good", ageS: 10, desiredReplicas: fresh.desiredReplicas });
  expect(held.reason).toMatch(/^held from 10 s ago/);

  nowMs = 301_000;
  const current = desired.of("default", "c5-large");
  expect(current).toMatchObject({ stale: true, source: "current", desiredReplicas: current.currentReplicas });
  expect(current.desiredReplicas).toBeGreaterThan(0);

  desired.note("default", pass("applied"));
  expect(desired.of("default", "c5-large")).toMatchObject({ stale: false, source: "recommendation" });
});

test("a loop that stands still makes the count stale, without any failure", async () => {
  const record = await lastRecord();
  let nowMs = 0;
  const desired = new DesiredState(service.service.services.clusters, () => nowMs);
  desired.note("default", { type: "pass", record, micros: {}, delays: [] });
  nowMs = 181_000;
  expect(desired.of("default", "c5-large")).toMatchObject({ stale: true, source: "last-good" });
  expect(desired.of("default", "c5-large", 100)).toMatchObject({ stale: true, source: "current" });
});

test("KEDA's metrics API is answered with a count and its standing", async () => {
  await lastRecord();
  const { body } = await service.ask.get("/v1/keda/default/c5-large").expect(200);
  expect(body.desiredReplicas).toBeGreaterThan(0);
  expect(body).toHaveProperty("stale");
  const unknown = (await service.ask.get("/v1/keda/default/fax").expect(404)).body;
  expect(unknown.detail).toBe('deployment: expected one of c5-large, found "fax"');
  await service.ask.get("/v1/keda/other/c5-large").expect(404);
  await service.ask.get("/v1/keda/default/c5-large?maxStalenessSeconds=no").expect(400);
});

test("an analysis tells outcome and share of successes, and a hook goes on, waits or halts by it", async () => {
  await lastRecord();
  const { data } = (await service.ask.get("/v1/analysis/default").expect(200)).body;
  expect(["Successful", "Failed"]).toContain(data.outcome);
  expect(data.successPercent).toBeGreaterThanOrEqual(0);
  const quiet = (await service.ask.get("/v1/analysis/default?minRequests=1000000000").expect(200)).body;
  expect(quiet.data).toMatchObject({ outcome: "Inconclusive", ok: true });
  const hook = {
    name: "model",
    namespace: "prod",
    phase: "Progressing",
    checksum: "x",
    metadata: { minRequests: "1000000000" },
  };
  await service.ask.post("/v1/analysis/default").send(hook).expect(202);
  const answer = await service.ask.post("/v1/analysis/default").send({ ...hook, metadata: null });
  expect([200, 412]).toContain(answer.status);
  await service.ask.post("/v1/analysis/default").send({}).expect(400);
});

test("a policy is a model of the Open Inference Protocol", async () => {
  await service.ask.get("/v2/health/live").expect(200);
  await service.ask.get("/v2/health/ready").expect(200);
  expect((await service.ask.get("/v2").expect(200)).body).toMatchObject({ name: "trimtab", extensions: [] });
  const model = "/v2/models/cluster-default";
  const { inputs, outputs } = (await service.ask.get(model).expect(200)).body;
  const width = inputs[0].shape[1];
  expect((await service.ask.get(`${model}/versions/1/ready`).expect(200)).body).toEqual({
    name: "cluster-default",
    ready: true,
  });
  const { task: open } = service.service.services.clusters.get("default");
  const { observation } = await service.service.services.instances
    .create({ envId: "image-diurnal", maxEpisodeSteps: null, intervalS: null })
    .then((instance) => instance.reset(3));
  const vector = [...open.observationSpace.encode(observation)];
  const input = { name: "observation", shape: [2, width], datatype: "FP64", data: [vector, vector] };
  const { body } = await service.ask
    .post(`${model}/infer`)
    .send({ id: "7", inputs: [input] })
    .expect(200);
  expect(body).toMatchObject({ model_name: "cluster-default", model_version: "1", id: "7" });
  const [action] = body.outputs;
  expect(action).toMatchObject({ name: "action", datatype: "INT64", shape: [2, outputs[0].shape[1]] });
  const acted = (await service.ask.post("/v1/policies/cluster-default/act").send({ vector }).expect(200)).body.action;
  const positions = open.lattice.knobs.map((knob) =>
    knob.values.findIndex((value) => String(value) === String(acted[knob.name])),
  );
  expect(action.data).toEqual([...positions, ...positions]);
  const short = { ...input, shape: [1, 2], data: [1, 2] };
  expect(
    (
      await service.ask
        .post(`${model}/infer`)
        .send({ inputs: [short] })
        .expect(400)
    ).body.error,
  ).toMatch(/shape: expected/);
  expect((await service.ask.get("/v2/models/fax").expect(404)).body.error).toMatch(/policy: expected one of/);
});
