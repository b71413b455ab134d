// Proposals over HTTP: a cluster in advisory writes nothing until a person approves, and everything is on record.

import { Shop } from "../clusters/shop.ts";
import { TestService } from "./service.ts";

let shop: Shop;
let service: TestService;

beforeAll(async () => {
  shop = await Shop.open(20);
  service = await TestService.open();
  const document = shop.file({ mode: "advisory", proposals: { expireAfterS: 100_000_000 }, intervalS: 0.05 });
  await service.ask.post("/v1/clusters").send(document).expect(201);
  await service.until(async () => (await service.ask.get("/v1/clusters/shop")).body.pendingProposal !== null);
});
afterAll(async () => {
  await service.close();
  await shop.close();
});

const path = "/v1/clusters/shop/proposals";
const pending = async () => (await service.ask.get(`${path}?status=pending`).expect(200)).body.items[0];

test("a proposal shows current and proposed, the window, votes and an explanation; nothing was written", async () => {
  const proposal = await pending();
  expect(proposal).toMatchObject({ status: "pending", current: { "instances.m.onDemand": 8 } });
  expect(proposal.proposed["instances.m.onDemand"]).toBeLessThan(8);
  expect(proposal.votes.map((vote: { by: string }) => vote.by)).toContain("mark");
  expect(proposal.explanation.text).toMatch(/^Saw .*requests\/s/);
  expect(proposal.metrics.arrivalRateRps).toBeGreaterThan(10);
  expect((await service.ask.get(`${path}/${proposal.id}`).expect(200)).body.id).toBe(proposal.id);
  await service.ask.get(`${path}/shop-no-such`).expect(404);
  expect(shop.server.asked).toEqual([]);
  const { text } = await service.ask.get("/metrics");
  expect(text).toContain('trimtab_pending_proposals{cluster="shop"} 1');
});

test("rejected and approved, each answer is a record; an answered proposal cannot be answered again", async () => {
  const first = await pending();
  const rejected = await service.ask.post(`${path}/${first.id}/reject`).send({ by: "ada", note: "sale" }).expect(200);
  expect(rejected.body).toMatchObject({ status: "rejected", answer: { by: "ada", note: "sale" } });
  await service.ask.post(`${path}/${first.id}/approve`).send({ by: "ada" }).expect(409);
  expect(shop.server.asked).toEqual([]);
  const { body } = await service.ask.get(`/v1/clusters/shop/decisions/${rejected.body.decision}`).expect(200);
  expect(body).toMatchObject({ outcome: "rejected", actor: "operator", proposal: first.id });
  // What was rejected is not proposed again; another budget makes another proposal.
  const budget = first.proposed["instances.m.onDemand"] > 1 ? first.proposed["instances.m.onDemand"] - 1 : 1;
  await service.ask.put("/v1/clusters/shop/budget").send({ usdPerHour: budget }).expect(200);
  await service.until(async () => (await pending()) !== undefined);
  const second = await pending();
  expect(second.proposed["instances.m.onDemand"]).toBeLessThanOrEqual(budget);
  const approved = await service.ask.post(`${path}/${second.id}/approve`).send({});
  expect(approved.body).toMatchObject({ status: "approved", answer: { by: "operator", note: null } });
  expect(shop.server.asked).toHaveLength(1);
  expect(shop.server.asked[0]).toMatchObject({ configuration: second.proposed });
  await service.until(async () =>
    (await service.ask.get("/metrics")).text.includes("trimtab_actuation_duration_seconds_count"),
  );
});

test("who answers is limited in what they may say", async () => {
  await service.ask.post(`${path}/x/approve`).send({ by: "" }).expect(400);
  await service.ask.post(`${path}/x/approve`).send({ by: "ada", force: true }).expect(400);
  await service.ask.put("/v1/clusters/shop/budget").send({ usdPerHour: -1 }).expect(400);
});
