// The application as a whole: health, pages, contract, and every kind of refusal.

import { BODY_LIMIT_BYTES, openService } from "../../src/http/index.ts";
import { fastCluster, TestService } from "./service.ts";

let service: TestService;
beforeAll(async () => {
  service = await TestService.open();
});
afterAll(() => service.close());

const problemType = /^application\/problem\+json/;

test("it is alive and ready", async () => {
  expect((await service.ask.get("/livez").expect(200)).body).toEqual({ status: "ok" });
  const ready = await service.ask.get("/readyz?verbose").expect(200);
  expect(ready.body).toEqual({ status: "ok", checks: { draining: { status: "ok", reason: null } } });
});

test("draining, it is alive and not ready", async () => {
  const draining = await TestService.open();
  draining.service.drain();
  await draining.ask.get("/livez").expect(200);
  const ready = await draining.ask.get("/readyz").expect(503);
  expect(ready.body.checks.draining.status).toBe("failed");
  await draining.close();
});

test("metrics are Prometheus text under the project's prefix, with the version", async () => {
  const { text, headers } = await service.ask.get("/metrics").expect(200);
  expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toMatch(/trimtab_build_info{version="0.0.0-test",tensorflow="(tensorflow|wasm)"} 1/);
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !name?.startsWith("trimtab_"))).toEqual([]);
});

test.each(["/", "/docs"])("%s is a page that needs nothing from elsewhere", async (path) => {
  const { text, headers } = await service.ask.get(path).expect(200);
  expect(headers["content-type"]).toMatch(/^text\/html/);
  expect(text).toMatch(/^<!doctype html>/);
  expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(headers["content-security-policy"]).toContain("default-src 'self'");
});

test("the contract is OpenAPI 3.1 and names every route with its answers and the problem document", async () => {
  const { body } = await service.ask.get("/openapi.json").expect(200);
  expect(body.openapi).toBe("3.1.0");
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining([
      "/livez",
      "/readyz",
      "/v1/scenarios",
      "/v1/scenarios/{name}",
      "/v1/scenarios/validate",
      "/v1/envs",
      "/v1/envs/{id}/reset",
      "/v1/envs/{id}/step",
      "/v1/envs/{id}/action_space",
      "/v1/envs/{id}/observation_space",
      "/v1/trainings",
      "/v1/trainings/{id}",
      "/v1/trainings/{id}/events",
      "/v1/policies",
      "/v1/policies/{id}",
      "/v1/policies/{id}/act",
      "/v1/policies/{id}/export",
      "/v1/clusters",
      "/v1/clusters/{name}",
      "/v1/clusters/{name}/mode",
      "/v1/clusters/{name}/recommendation",
      "/v1/clusters/{name}/decisions",
      "/v1/clusters/{name}/rollback",
    ]),
  );
  expect(Object.keys(body.components.schemas)).toEqual(expect.arrayContaining(["Problem", "Decision", "Cluster"]));
  for (const methods of Object.values<Record<string, { responses: object; summary: string }>>(body.paths)) {
    for (const operation of Object.values(methods)) {
      expect(operation.summary.length).toBeGreaterThan(5);
      expect(operation.responses).toHaveProperty("default.content.application/problem+json");
    }
  }
});

test("a trailing slash makes no difference", async () => {
  await service.ask.get("/v1/scenarios/").expect(200);
  await service.ask.get("/v1/envs/").expect(200);
});

test("an unknown route is a problem that says what was asked for", async () => {
  const { body } = await service.ask.get("/v1/nothing").expect(404).expect("content-type", problemType);
  expect(body).toEqual({
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "GET /v1/nothing: expected a route of /openapi.json, found none",
    instance: "/v1/nothing",
    code: "E_ROUTE",
  });
});

test("JSON over the size limit is refused with 413 and both sizes", async () => {
  const { body } = await service.ask
    .post("/v1/scenarios/validate")
    .send({ name: "x".repeat(BODY_LIMIT_BYTES) })
    .expect(413)
    .expect("content-type", problemType);
  expect(body).toMatchObject({ status: 413, code: "E_BODY_SIZE" });
  expect(body.detail).toBe(`body: expected at most ${BODY_LIMIT_BYTES} bytes, found ${BODY_LIMIT_BYTES + 11}`);
});

test("what is not JSON is refused with 400, another media type with 415", async () => {
  const broken = await service.ask.post("/v1/envs").set("content-type", "application/json").send("{").expect(400);
  expect(broken.body).toMatchObject({ code: "E_BODY", status: 400 });
  const text = await service.ask.post("/v1/envs").set("content-type", "text/plain").send("env").expect(415);
  expect(text.body.detail).toBe("content-type: expected application/json, found text/plain");
});

test("an unknown key in a body or query is refused by its name", async () => {
  const body = await service.ask.post("/v1/envs").send({ env_id: "image-diurnal", turbo: true }).expect(400);
  expect(body.body.errors).toEqual([{ path: "turbo", expected: "a known key", found: '"turbo"' }]);
  await service.ask.get("/v1/scenarios?page=2").expect(400);
});

test("an unexpected failure is told without its message", async () => {
  jest.spyOn(service.service.services.scenarios, "list").mockRejectedValueOnce(new Error("secret /etc/passwd"));
  const { body } = await service.ask.get("/v1/scenarios").expect(500);
  expect(body).toMatchObject({ status: 500, code: "E_INTERNAL" });
  expect(JSON.stringify(body)).not.toContain("secret");
});

test("with a token, only who carries it gets in; health answers anybody", async () => {
  const guarded = await TestService.open({ token: "let-me-in" });
  await guarded.ask.get("/livez").expect(200);
  await guarded.ask.get("/readyz").expect(200);
  const none = await guarded.ask.get("/v1/scenarios").expect(401);
  expect(none.headers["www-authenticate"]).toBe("Bearer");
  expect(none.body.detail).toBe("authorization: expected a bearer token, found none");
  await guarded.ask.get("/metrics").set("authorization", "Bearer let-me").expect(401);
  await guarded.ask.get("/metrics").set("authorization", "Bearer let-me-in").expect(200);
  await guarded.close();
});

test("without a token a request under another host's name is refused", async () => {
  await service.ask.get("/v1/scenarios").set("host", "evil.example:8080").expect(403);
  await service.ask.get("/v1/scenarios").set("host", "localhost:8080").expect(200);
  await service.ask.get("/v1/scenarios").set("host", "[::1]:8080").expect(200);
});

test("a store made for one scenario is not opened for another", async () => {
  const first = await TestService.open({ cluster: fastCluster });
  await first.service.close();
  const again = openService({
    storeFolder: first.folder,
    version: "x",
    dataFolder: null,
    token: null,
    log: first.service.services.log,
    processMetrics: false,
    cluster: { ...fastCluster, scenario: "image-mmpp" },
  });
  await expect(again).rejects.toThrow(/clusters\.default\.scenario: expected image-diurnal, or another store, found/);
  await first.close();
});
