// Clusters over HTTP: what they run and why, the operator's ceiling, and the way back.

import { fastCluster, TestService } from "./service.ts";

let service: TestService;
beforeAll(async () => {
  service = await TestService.open({ cluster: fastCluster });
  await service.until(async () => (await service.ask.get("/v1/clusters/default")).body.decisions > 12);
});
afterAll(() => service.close());

test("a cluster tells its configuration, mode, trust and last decision", async () => {
  const { body } = await service.ask.get("/v1/clusters").expect(200);
  expect(body.next).toBeNull();
  expect(body.items).toHaveLength(1);
  expect(body.items[0]).toMatchObject({
    name: "default",
    adapter: "simulated",
    scenario: "image-diurnal",
    agent: "region-q",
    optimizer: "mark",
    mode: "active",
    trust: { trust: expect.any(String) },
  });
  expect(Object.keys(body.items[0].configuration)).toContain("maxBatchSize");
  await service.ask.get("/v1/clusters/other").expect(404);
});

test("decisions come with votes, guards and reasons, in pages that meet", async () => {
  const ask = async (query: string) =>
    (await service.ask.get(`/v1/clusters/default/decisions?${query}`).expect(200)).body;
  const latest = await ask("limit=5");
  expect(latest.items).toHaveLength(5);
  for (const record of latest.items) {
    expect(record.votes.map((vote: { by: string }) => vote.by)).toEqual(["mark", "region-q"]);
    expect(record.reason.length).toBeGreaterThan(5);
    expect(Array.isArray(record.guards)).toBe(true);
    expect(record.observation.metrics.costUsdPerHour).toBeGreaterThanOrEqual(0);
  }
  const before = await ask(`limit=5&cursor=${latest.next}`);
  const number = (record: { id: string }): number => Number(record.id.split("-")[1]);
  expect(number(before.items[0])).toBe(number(latest.items[4]) - 1);
  const first = await ask("order=asc&limit=3");
  expect(first.items.map((record: { id: string }) => record.id)).toEqual(["default-0", "default-1", "default-2"]);
  expect(first.next).toBe("3");
  expect(first.items[1].measured.costUsdPerHour).toBeGreaterThan(0);
});

test.each(["limit=0", "limit=5000", "cursor=-1", "order=up", "since=3"])("a page of %s is refused", async (query) => {
  await service.ask.get(`/v1/clusters/default/decisions?${query}`).expect(400);
});

test("a mode is set at once, seen in the metrics, and refused when there is no such mode", async () => {
  const set = (mode: string) => service.ask.put("/v1/clusters/default/mode").send({ mode });
  expect((await set("shadow").expect(200)).body.mode).toBe("shadow");
  expect((await service.ask.get("/metrics")).text).toContain('trimtab_mode{cluster="default",mode="shadow"} 1');
  await service.ask.post("/v1/clusters/default/rollback").expect(409);
  const refused = await set("yolo").expect(400);
  expect(refused.body.errors[0]).toMatchObject({ path: "mode", found: '"yolo"' });
  expect((await set("active").expect(200)).body.mode).toBe("active");
});

test("in shadow nothing is changed, and the recommendation is there all the same", async () => {
  await service.ask.put("/v1/clusters/default/mode").send({ mode: "shadow" }).expect(200);
  const cluster = async () => (await service.ask.get("/v1/clusters/default")).body;
  const before = await cluster();
  await service.until(async () => (await cluster()).decisions > before.decisions + 10);
  const after = await cluster();
  expect(after.configuration).toEqual(before.configuration);
  const { body } = await service.ask.get("/v1/clusters/default/recommendation").expect(200);
  expect(Object.keys(body)).toEqual(
    expect.arrayContaining(["target", "lowerBound", "upperBound", "uncappedTarget", "conditions", "reason"]),
  );
  await service.ask.put("/v1/clusters/default/mode").send({ mode: "off" }).expect(200);
  await service.ask.get("/v1/clusters/default/recommendation").expect(409);
  await service.ask.put("/v1/clusters/default/mode").send({ mode: "active" }).expect(200);
});

test("rolling back goes to a configuration that was good, and says so in a record of the operator's", async () => {
  await service.until(async () => {
    const { lastGood, configuration } = (await service.ask.get("/v1/clusters/default")).body;
    return lastGood !== null && configuration !== null;
  });
  const { status, body } = await service.ask.post("/v1/clusters/default/rollback");
  // There may be only one good configuration so far; then there is nothing to go back to.
  if (status === 409) {
    expect(body.detail).toMatch(/expected an earlier good configuration, found none/);
    return;
  }
  expect(status).toBe(200);
  expect(body).toMatchObject({ votes: [] });
  expect(body.reason).toMatch(/rolled back by the operator/);
});

test("cost, SLO attainment and decisions are in the metrics", async () => {
  const { text } = await service.ask.get("/metrics").expect(200);
  for (const name of [
    'trimtab_cost_usd_per_hour{cluster="default"}',
    'trimtab_slo_attainment_ratio{cluster="default"}',
    'trimtab_slo_target_ratio{cluster="default"} 0.98',
    'trimtab_decisions_total{cluster="default",outcome=',
    'trimtab_trust{cluster="default",trust=',
    'trimtab_policy_info{cluster="default",kind="region-q"',
    'trimtab_step_duration_seconds_count{cluster="default",step="learn"}',
  ]) {
    expect(text).toContain(name);
  }
});

test("a stopped service goes on from its store: mode, configuration, decisions and time", async () => {
  const first = await TestService.open({ cluster: fastCluster });
  await first.until(async () => (await first.ask.get("/v1/clusters/default")).body.decisions > 5);
  await first.ask.put("/v1/clusters/default/mode").send({ mode: "advisory" }).expect(200);
  const before = (await first.ask.get("/v1/clusters/default")).body;
  await first.service.close();
  const second = await TestService.open({ cluster: { ...fastCluster, mode: null, scenario: null } }, first.folder);
  const after = (await second.ask.get("/v1/clusters/default")).body;
  expect(after).toMatchObject({ mode: "advisory", scenario: "image-diurnal", configuration: before.configuration });
  expect(after.decisions).toBeGreaterThanOrEqual(before.decisions);
  expect(after.timeS).toBeGreaterThanOrEqual(before.lastDecision.timeS);
  await second.close();
});
