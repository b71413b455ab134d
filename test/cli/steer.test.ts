// The commands that steer a running service: what it recommends, and back to what was good.

import { registerRecommend } from "../../src/cli/recommend.ts";
import { registerRollback } from "../../src/cli/rollback.ts";
import { type Listening, listen } from "../../src/http/index.ts";
import { fastCluster, TestService } from "../http/service.ts";
import { runCommand } from "./run-command.ts";

let service: TestService;
let listening: Listening;

beforeAll(async () => {
  service = await TestService.open({ cluster: fastCluster });
  listening = await listen(service.service.app, { host: "127.0.0.1", port: 0, protected: false });
  // Two configurations that met the SLO, so that there is one to go back to.
  await service.until(async () => {
    const { body } = await service.ask.get("/v1/clusters/default/decisions?limit=200");
    return body.items.filter(({ outcome }: { outcome: string }) => outcome === "applied").length > 3;
  }, 30_000);
}, 60_000);
afterAll(async () => {
  await listening.close(0);
  await service.close();
});

const flags = (): string[] => ["--url", listening.url];

test("recommend prints the target, why, and every vote; with --json the recommendation as it is", async () => {
  const { stdout, error } = await runCommand(registerRecommend, ["recommend", "default", ...flags()]);
  expect(error).toBeNull();
  expect(stdout).toMatch(/^default-\d+: .*instances\./);
  expect(stdout).toMatch(/Saw [\d.]+ requests\/s.*What would change this/s);
  expect(stdout).toContain("mark");
  const json = await runCommand(registerRecommend, ["recommend", "default", "--json", ...flags()]);
  expect(JSON.parse(json.stdout)).toMatchObject({ by: expect.any(String), target: expect.any(Object) });
});

test("rollback goes back and says to what; where nothing may be written the service's refusal is the error", async () => {
  const done = await runCommand(registerRollback, ["rollback", "default", "--json", ...flags()]);
  expect(JSON.parse(done.stdout)).toMatchObject({ actor: "operator", outcome: "rolled-back" });
  await service.ask.put("/v1/clusters/default/mode").send({ mode: "shadow" }).expect(200);
  const { error } = await runCommand(registerRollback, ["rollback", "default", ...flags()]);
  expect(String(error)).toMatch(/rollback: expected mode canary or active, found shadow/);
});

test("a cluster nobody knows and a service that is not there are named", async () => {
  const unknown = await runCommand(registerRecommend, ["recommend", "no-such", ...flags()]);
  expect(String(unknown.error)).toMatch(/cluster: expected one of .*, found "no-such"/);
  const away = await runCommand(registerRecommend, ["recommend", "default", "--url", "http://127.0.0.1:9"]);
  expect(String(away.error)).toMatch(/url: expected a running trimtab serve, found/);
});
