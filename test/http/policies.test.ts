// Policies over HTTP: the same answer as in the process, and what they are made of.

import { toJson } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { checkPolicySeal, fromJson } from "../../src/spaces/index.ts";
import { fastCluster, TestService } from "./service.ts";

let service: TestService;
beforeAll(async () => {
  service = await TestService.open({ cluster: { ...fastCluster, mode: "off" } });
});
afterAll(() => service.close());

const id = "cluster-default";

test("the policy of a cluster is listed and shown with its seal intact", async () => {
  const { body: list } = await service.ask.get("/v1/policies").expect(200);
  expect(list.items).toEqual([
    expect.objectContaining({ id, kind: "region-q", environment: "trimtab/ImageDiurnal-v0", cluster: "default" }),
  ]);
  const { body: spec } = await service.ask.get(`/v1/policies/${id}`).expect(200);
  expect(spec).toMatchObject({ format: "trimtab-policy", version: 1, kind: "region-q" });
  checkPolicySeal(fromJson(spec) as never);
  await service.ask.get("/v1/policies/none").expect(404);
});

test("it acts over HTTP as in the process, on 100 sampled observations, encoded or not", async () => {
  const ready = await service.service.services.policies.ready(id);
  const random = new SeededRandom(4);
  const space = ready.task.observationSpace;
  for (let i = 0; i < 100; i++) {
    const state = space.sample(random.split(String(i)));
    const vector = [...space.encode(state)];
    const expected = toJson(ready.policy.act(space.decode(vector)));
    const answer = await service.ask.post(`/v1/policies/${id}/act`).send({ vector }).expect(200);
    expect(answer.body).toEqual({ action: expected, policyId: id });
    if (i % 10 > 0) continue;
    const whole = await service.ask
      .post(`/v1/policies/${id}/act`)
      .send({ observation: toJson(state) })
      .expect(200);
    expect(whole.body.action).toEqual(toJson(ready.policy.act(state)));
  }
});

test.each([
  ["nothing", {}, ""],
  ["a vector of the wrong length", { vector: [1, 2] }, "length"],
  ["an observation without metrics", { observation: { timeS: 1, configuration: {} } }, "observation.metrics"],
])("asked with %s it refuses by the field", async (_name, body, path) => {
  const answer = await service.ask.post(`/v1/policies/${id}/act`).send(body).expect(400);
  expect(answer.body.code).toBe("E_CONFIG");
  expect(JSON.stringify(answer.body.errors)).toContain(path);
});

test("it is exported as JSON that names its file; an unknown format is refused with those there are", async () => {
  const { headers, text } = await service.ask.get(`/v1/policies/${id}/export?format=json`).expect(200);
  expect(headers["content-disposition"]).toMatch(new RegExp(`^attachment; filename="?${id}\\.json"?$`));
  expect(JSON.parse(text)).toMatchObject({ format: "trimtab-policy" });
  const { body } = await service.ask.get(`/v1/policies/${id}/export?format=fax`).expect(400);
  expect(body.errors[0]).toMatchObject({ path: "format", found: "fax" });
  expect(body.errors[0].expected).toContain("json");
}, 120_000);
