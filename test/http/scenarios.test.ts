// Scenarios over HTTP: listed, shown with their defaults, and the user's own checked field by field.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scenarioFolder } from "../../environments/index.ts";
import { TestService } from "./service.ts";

let service: TestService;
beforeAll(async () => {
  service = await TestService.open();
});
afterAll(() => service.close());

const yaml = readFileSync(join(scenarioFolder, "image-diurnal.yaml"), "utf8");

test("those that ship are listed", async () => {
  const { body } = await service.ask.get("/v1/scenarios").expect(200);
  expect(body.next).toBeNull();
  const diurnal = body.items.find((item: { name: string }) => item.name === "image-diurnal");
  expect(diurnal).toMatchObject({ environment: "trimtab/ImageDiurnal-v0", intervalS: 60 });
});

test("one is shown whole, never as text that JSON has no word for", async () => {
  const { body } = await service.ask.get("/v1/scenarios/image-diurnal").expect(200);
  expect(body.scenario.knobs.offloadThresholdMs).toEqual([0, 50, 100, 200, "Infinity"]);
});

test.each(["nothing", "package.json", "..%2f..%2fetc%2fpasswd"])(
  "%s is no scenario, and no path either",
  async (name) => {
    const { status, body } = await service.ask.get(`/v1/scenarios/${name}`);
    expect([400, 404]).toContain(status);
    expect(JSON.stringify(body)).not.toContain("root:");
  },
);

test("a document that holds together is given back with its defaults, from YAML and from JSON alike", async () => {
  const fromYaml = await service.ask.post("/v1/scenarios/validate").send({ yaml }).expect(200);
  expect(fromYaml.body.name).toBe("image-diurnal");
});

test.each([
  ["an unknown key", yaml.replace("intervalS: 60", "intervalS: 60\nturbo: true"), "turbo"],
  ["a negative SLO", yaml.replace("latencyMs: 500", "latencyMs: -500"), "slo[0].latencyMs"],
  ["no YAML", "a: [", "yaml"],
])("%s is refused by its path", async (_name, text, path) => {
  const { body } = await service.ask.post("/v1/scenarios/validate").send({ yaml: text }).expect(400);
  expect(body.code).toBe("E_CONFIG");
  expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
});
