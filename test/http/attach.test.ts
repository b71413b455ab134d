// Clusters attached over HTTP: several in one service, kept over restarts, waited for while away, detached as they run.

import { SimulatedCluster } from "../../src/clusters/simulated.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { ExternalServer } from "../clusters/external-server.ts";
import { knob, onePool, poisson } from "../simulator/plans.ts";
import { fastCluster, TestService } from "./service.ts";

let server: ExternalServer;
let document: Record<string, unknown>;

beforeEach(async () => {
  const plan = onePool(poisson(20, Number.POSITIVE_INFINITY), 2, () => 10, {
    knobs: [knob("instances.m.onDemand", [1, 2, 3, 4]), knob("maxBatchSize", [1, 4])],
    initial: { "instances.m.onDemand": 2, maxBatchSize: 1 },
  });
  server = new ExternalServer(new SimulatedCluster({ plan, random: new SeededRandom(3) }));
  await server.listen();
  document = {
    name: "shop",
    adapter: "external",
    options: { endpoint: server.url },
    agent: "q-table",
    slo: [{ percentile: 0.98, latencyMs: 200 }],
    catalogue: { instances: ["m"], overrides: { m: { usdPerHour: 1 } } },
    knobs: { "instances.m.onDemand": [1, 2, 3, 4], maxBatchSize: [1, 4] },
    initial: { "instances.m.onDemand": 2, maxBatchSize: 1 },
    prior: { points: [{ batch: 1, serviceMs: 10 }] },
    intervalS: 0.05,
  };
});
afterEach(() => server.stop());

/** The cluster's own time passes as fast as it is asked for. */
async function keepTime(whenDone: Promise<unknown>): Promise<void> {
  let done = false;
  void whenDone.finally(() => {
    done = true;
  });
  while (!done) {
    await server.clock.sleep(10_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function decided(service: TestService, name: string, least: number): Promise<void> {
  const waiting = service.until(async () => (await service.ask.get(`/v1/clusters/${name}`)).body.decisions >= least);
  await Promise.all([waiting, keepTime(waiting)]);
}

test("a posted cluster is watched beside the others, and nothing is sent to it", async () => {
  const service = await TestService.open({ cluster: fastCluster });
  const { body } = await service.ask.post("/v1/clusters").send(document).expect(201);
  expect(body).toMatchObject({ name: "shop", adapter: "external", scenario: null, mode: "shadow", optimizer: "mark" });
  const names = (await service.ask.get("/v1/clusters")).body.items.map(({ name }: { name: string }) => name);
  expect(names).toEqual(["default", "shop"]);
  await decided(service, "shop", 5);
  const decisions = (await service.ask.get("/v1/clusters/shop/decisions?limit=3")).body.items;
  for (const decision of decisions) {
    expect(decision).toMatchObject({ cluster: "shop", mode: "shadow" });
    // A decision to stay says what stays; any other, in shadow, leaves nothing applied.
    expect([null, document["initial"]]).toContainEqual(decision.applied);
  }
  expect(server.asked).toEqual([]);
  await service.ask.post("/v1/clusters").send(document).expect(409);
  await service.close();
});

test("it survives a restart, while it is away too, with the mode the operator set", async () => {
  const first = await TestService.open();
  await first.ask.post("/v1/clusters").send(document).expect(201);
  await first.ask.put("/v1/clusters/shop/mode").send({ mode: "advisory" }).expect(200);
  await decided(first, "shop", 2);
  const { decisions } = (await first.ask.get("/v1/clusters/shop")).body;
  await first.service.close();
  await server.stop();
  const second = await TestService.open({}, first.folder);
  await second.until(async () => (await second.ask.get("/v1/clusters/shop")).body.decisions > decisions);
  const away = (await second.ask.get("/v1/clusters/shop")).body;
  expect(away).toMatchObject({ mode: "advisory", lastDecision: { outcome: "failed" } });
  expect(away.lastDecision.reason).toMatch(/expected an answer, found .*ECONNREFUSED/);
  await server.restart();
  await decided(second, "shop", away.decisions + 3);
  expect((await second.ask.get("/v1/clusters/shop")).body.lastDecision.observation).not.toBeNull();
  await second.close();
});

test("a detached cluster stays as it runs, is gone after a restart too, and can be attached again", async () => {
  const first = await TestService.open();
  await first.ask.post("/v1/clusters").send(document).expect(201);
  await decided(first, "shop", 3);
  await first.ask.delete("/v1/clusters/shop").expect(204);
  await first.ask.get("/v1/clusters/shop").expect(404);
  await first.ask.delete("/v1/clusters/shop").expect(404);
  await first.service.close();
  const second = await TestService.open({}, first.folder);
  expect((await second.ask.get("/v1/clusters")).body.items).toEqual([]);
  const again = await second.ask.post("/v1/clusters").send(document).expect(201);
  expect(again.body.decisions).toBeGreaterThanOrEqual(3);
  expect(server.asked).toEqual([]);
  await second.close();
});

test("a document that does not fit is refused by path; over HTTP it may read no file and no other secret", async () => {
  const service = await TestService.open();
  const refused = async (change: object): Promise<string> => {
    const { body } = await service.ask
      .post("/v1/clusters")
      .send({ ...document, ...change })
      .expect(400);
    return JSON.stringify(body.errors);
  };
  expect(await refused({ adapter: "slurm" })).toMatch(/"path":"adapter"/);
  expect(await refused({ mode: "yolo" })).toMatch(/"path":"mode"/);
  expect(await refused({ budget: { usdPerHour: -1 } })).toMatch(/"path":"budget.usdPerHour"/);
  expect(await refused({ credentialsEnv: { token: "AWS_SECRET_ACCESS_KEY" } })).toMatch(/TRIMTAB_CLUSTER_/);
  const profiles = { m: { file: "/etc/passwd" } };
  expect(await refused({ models: [{ name: "m", profiles }] })).toMatch(/models\[0\].profiles.m.*file \/etc\/passwd/);
  const { status } = await service.ask.post("/v1/clusters").send({ ...document, agent: "no-such" });
  expect(status).toBe(404);
  expect((await service.ask.get("/v1/clusters")).body.items).toEqual([]);
  await service.close();
});

test("another simulated cluster runs beside the default one, in its own time", async () => {
  const service = await TestService.open({ cluster: fastCluster });
  const posted = { name: "burst", adapter: "simulated", scenario: "image-mmpp", mode: "active", agent: "q-table" };
  await service.ask
    .post("/v1/clusters")
    .send({ ...posted, speed: 3600 })
    .expect(201);
  await service.until(async () => (await service.ask.get("/v1/clusters/burst")).body.decisions > 5);
  const { text } = await service.ask.get("/metrics");
  expect(text).toContain('trimtab_mode{cluster="burst",mode="active"} 1');
  expect(text).toContain('trimtab_mode{cluster="default",mode="active"} 1');
  await service.close();
});
