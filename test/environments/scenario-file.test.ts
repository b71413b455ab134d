import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentId, loadScenario, openScenario, scenarioFolder } from "../../environments/index.ts";

let folder: string;
let text: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-scenario-"));
  text = await readFile(join(scenarioFolder, "image-mmpp.yaml"), "utf8");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(name: string, content: string): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, content);
  return path;
}

async function refusal(content: string): Promise<string> {
  return openScenario(await written("refused", content), { dataFolder: null }).then(
    () => "accepted",
    (error: Error) => error.message,
  );
}

test("a scenario that ships opens by name and by path alike", async () => {
  const byName = await loadScenario("image-mmpp");
  const byPath = await loadScenario(await written("copy", text));
  expect(byPath.scenario).toEqual(byName.scenario);
});

test("an unknown key is refused with its path", async () => {
  expect(await refusal(`${text}\nbudgett: 3\n`)).toMatch(/budgett: expected a known key, found "budgett"/);
});

test("a negative SLO is refused with path, expectation and what was found", async () => {
  expect(await refusal(text.replace("latencyMs: 500", "latencyMs: -500"))).toMatch(
    /slo\[0\]\.latencyMs: expected .*>\s?0.*found -500/,
  );
});

test("an initial value off its knob is refused with the choices", async () => {
  expect(await refusal(text.replace("offloadThresholdMs: 100 }", "offloadThresholdMs: 99 }"))).toMatch(
    /initial\.offloadThresholdMs: expected one of 0, 50, 100, 200, Infinity, found 99/,
  );
});

test("a knob no cluster knows is refused with the names there are", async () => {
  expect(await refusal(text.replace("maxBatchDelayMs: [0", "maxBatchDelaySeconds: [0"))).toMatch(
    /maxBatchDelaySeconds.*expected one of.*maxBatchDelayMs/,
  );
});

test("neither a catalogue nor a host, and both, are refused", async () => {
  expect(await refusal(text.replace(/^catalogue:.*$/m, ""))).toMatch(/either a catalogue or a host, found neither/);
  expect(await refusal(`${text}\nhost: { cores: 4, usdPerCoreHour: 1 }\n`)).toMatch(
    /either a catalogue or a host, found both/,
  );
});

test("a missing profile is refused by the machine that lacks it", async () => {
  expect(await refusal(text.replace("c5: inception-v3-c5, ", ""))).toMatch(
    /models\[0\]\.profiles\.c5\.large: expected a profile/,
  );
});

test("what is not YAML, and a file that is not there, are refused", async () => {
  expect(await refusal("name: [")).toMatch(/expected YAML/);
  await expect(loadScenario(join(folder, "none.yaml"))).rejects.toThrow(
    /expected a readable scenario file, found none/,
  );
});

test("an unknown name is refused with the scenarios that ship", async () => {
  await expect(loadScenario("image-nothing")).rejects.toThrow(
    /scenario: expected one of .*image-diurnal.*, found "image-nothing"/,
  );
});

test("a missing trace is refused with where it was looked for", async () => {
  await expect(openScenario("image-twitter", { dataFolder: folder })).rejects.toMatchObject({ code: "E_TRACE" });
});

test("environment ids are the scenario's name in Gymnasium's form", () => {
  expect(environmentId("image-diurnal")).toBe("trimtab/ImageDiurnal-v0");
  expect(environmentId("nlp-servegen")).toBe("trimtab/NlpServegen-v0");
});
