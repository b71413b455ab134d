// Trainings over HTTP: in a worker each, watched while the service stays quick, and their policies kept.

import { existsSync } from "node:fs";
import { compiledEntry, openStore } from "../../src/store/index.ts";
import { TestService } from "./service.ts";

const built = existsSync(compiledEntry("src/training/worker.ts"));

let service: TestService;
beforeAll(async () => {
  // Workers run the compiled project; `npm test` builds it first.
  expect(built).toBe(true);
  service = await TestService.open();
});
afterAll(() => service.close());

const order = { scenario: "image-diurnal", agent: "region-q", seed: 3, episodes: 1 };

async function statusOf(id: string): Promise<string> {
  return (await service.ask.get(`/v1/trainings/${id}`).expect(200)).body.status;
}

test("a training runs while health and metrics answer, ends in a policy, and the policy acts", async () => {
  const started = await service.ask.post("/v1/trainings").send(order).expect(202);
  expect(started.body).toMatchObject({ ...order, status: "running", policy: null });
  const { id } = started.body;
  expect(started.headers["location"]).toBe(`/v1/trainings/${id}`);
  const events = service.ask.get(`/v1/trainings/${id}/events`).buffer(true);
  const streamed = events.then((response) => response.text);
  const waits: number[] = [];
  await service.until(async () => {
    for (const path of ["/livez", "/metrics"]) {
      const startedMs = performance.now();
      await service.ask.get(path).expect(200);
      waits.push(performance.now() - startedMs);
    }
    return (await statusOf(id)) !== "running";
  }, 60_000);
  // On a machine busy with other tests single answers come later; the middle of them must not.
  waits.sort((a, b) => a - b);
  expect(waits[Math.floor(waits.length / 2)]).toBeLessThan(50);
  const { body } = await service.ask.get(`/v1/trainings/${id}`).expect(200);
  expect(body).toMatchObject({ status: "done", policy: id, error: null });
  const text = await streamed;
  expect(text).toContain("event: progress");
  expect(text.trimEnd().split("\n\n").at(-1)).toContain("event: end");
  const policies = (await service.ask.get("/v1/policies").expect(200)).body.items;
  expect(policies).toEqual([
    expect.objectContaining({ id, training: id, scenario: "image-diurnal", kind: "region-q" }),
  ]);
  const { policies: known } = service.service.services;
  const ready = await known.ready(id);
  const vector = new Array<number>(ready.task.observationSpace.size).fill(1);
  const { body: acted } = await service.ask.post(`/v1/policies/${id}/act`).send({ vector }).expect(200);
  expect(acted.policyId).toBe(id);
}, 70_000);

test("a training stops when asked, and is told as stopped or done", async () => {
  const { body } = await service.ask
    .post("/v1/trainings")
    .send({ ...order, episodes: 50 })
    .expect(202);
  await service.ask.post(`/v1/trainings/${body.id}/stop`).expect(202);
  await service.until(async () => (await statusOf(body.id)) !== "running", 60_000);
  expect(await statusOf(body.id)).toBe("stopped");
  await service.ask.post(`/v1/trainings/${body.id}/stop`).expect(409);
}, 70_000);

test.each([
  ["an agent that does not exist", { ...order, agent: "oracle" }, "agent"],
  ["a scenario that does not exist", { ...order, scenario: "image-monsoon" }, "scenario"],
  ["no episodes", { ...order, episodes: 0 }, "episodes"],
  ["a scenario by path", { ...order, scenario: "../secret.yaml" }, "scenario"],
])("%s is refused by its field and nothing is started", async (_name, body, path) => {
  const before = (await service.ask.get("/v1/trainings")).body.items.length;
  const refused = await service.ask.post("/v1/trainings").send(body).expect(400);
  expect(refused.body.errors[0].path).toBe(path);
  expect((await service.ask.get("/v1/trainings")).body.items).toHaveLength(before);
});

test("a training whose data is missing is refused, saying what to set", async () => {
  const { body } = await service.ask
    .post("/v1/trainings")
    .send({ ...order, scenario: "image-twitter" })
    .expect(422);
  expect(body.code).toBe("E_TRACE");
});

test("there is a limit to the trainings at a time", async () => {
  const start = () => service.ask.post("/v1/trainings").send({ ...order, episodes: 100 });
  const first = (await start().expect(202)).body.id;
  const second = (await start().expect(202)).body.id;
  expect((await start().expect(409)).body.detail).toMatch(/expected fewer than 2 running, found 2/);
  for (const id of [first, second]) await service.ask.delete(`/v1/trainings/${id}`).expect(202);
  await service.until(
    async () => (await statusOf(first)) !== "running" && (await statusOf(second)) !== "running",
    60_000,
  );
}, 70_000);

test("a training that was cut off by a kill is told as failed after the restart", async () => {
  const first = await TestService.open();
  const entry = { ...order, id: "t-1", status: "running" as const, progress: null, policy: null, error: null };
  await first.service.close();
  const open = await openStore(first.folder);
  await open.catalogue.trainings.put("t-1", { ...entry, startedAt: "2026-01-01T00:00:00.000Z", endedAt: null });
  await open.close();
  const second = await TestService.open({}, first.folder);
  const { body } = await second.ask.get("/v1/trainings/t-1").expect(200);
  expect(body).toMatchObject({ status: "failed", error: "the service was stopped while it ran" });
  await second.close();
});
