import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openScenario, simulatedEnvironment } from "../../environments/index.ts";

const folder = mkdtempSync(join(tmpdir(), "trimtab-mechanisms-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const everything = `
telemetry: { arrivalTimes: true, serviceTimes: true }
observation: { noiseCv: 0.05 }
buffers: { sizeBounds: [1.5], padding: true }
failures: { launchFailureShare: 0.1, crashesPerHour: 0.5, zones: { count: 3, outagesPerHour: 0.1, outageS: { uniform: [60, 120] } } }
markets: { c5.large: { quota: 14, onDemandCapacity: [{ fromS: 0, machines: 12 }] } }
routing: least-expected-wait
classes: [{ name: strict, share: 0.7, size: { cv: 0.3 } }, { name: relaxed, share: 0.3, strict: false, sloRatio: 4 }]
function: { overflow: drop, coldStartBilled: true }
queue: { timeoutS: 30, limit: 5000 }
limits: { vcpus: 32 }
`;

async function scenario(extra: string): Promise<string> {
  const tiny = await readFile(join(__dirname, "..", "fixtures", "tiny-fleet.yaml"), "utf8");
  const path = join(folder, "scenario.yaml");
  await writeFile(path, tiny + extra);
  return path;
}

test("every mechanism can be switched on in a scenario, and is in force in its simulation", async () => {
  const open = await openScenario(await scenario(everything), { dataFolder: null });
  expect(open.plan).toMatchObject({
    routing: "least-expected-wait",
    quotas: { vcpus: 32 },
    buffers: { sizeBounds: [1.5], padding: true },
    failures: { crashesPerHour: 0.5, spotNoticeS: 120, zones: { count: 3 } },
    function: { overflow: "drop", coldStartBilled: true },
  });
  expect(open.plan.pools[0]).toMatchObject({ quota: 14, onDemandCapacity: [{ fromS: 0, machines: 12 }] });
  const environment = simulatedEnvironment(open);
  const { observation } = await environment.reset({ seed: 1 });
  const asked = { ...observation.configuration, "instances.c5.large.onDemand": 16 };
  let fleet = observation.fleet["c5.large"];
  for (let step = 0; step < 8; step++) {
    const next = await environment.step({ configuration: asked, reason: "test" });
    fleet = next.observation.fleet["c5.large"];
    expect(next.observation.metrics.arrivals.timesMs?.length).toBeGreaterThan(0);
    expect((fleet?.ready ?? 0) + (fleet?.launching ?? 0)).toBeLessThanOrEqual(12);
  }
  await environment.close();
});

test("without their keys the mechanisms are off", async () => {
  const { plan } = await openScenario(await scenario(""), { dataFolder: null });
  for (const key of ["telemetry", "observation", "buffers", "failures", "quotas"]) expect(plan).not.toHaveProperty(key);
});

test("markets of a type that is not offered, and class shares that do not sum to 1, are refused", async () => {
  const refusal = async (extra: string): Promise<string> =>
    openScenario(await scenario(extra), { dataFolder: null }).then(
      () => "accepted",
      (error: Error) => error.message,
    );
  expect(await refusal("markets: { c9.huge: { quota: 3 } }\n")).toMatch(
    /markets\.c9\.huge: expected one of c5\.large, found c9\.huge/,
  );
  expect(await refusal("classes: [{ name: a, share: 0.5 }]\n")).toMatch(
    /classes: expected shares that sum to 1, found 0\.5/,
  );
});
