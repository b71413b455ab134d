import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openScenario, scenarioFolder, simulatedEnvironment } from "../../environments/index.ts";
import { environmentContract } from "./environment.ts";
import { spaceContract } from "./space.ts";

/** Scenarios on workload models: those on traces need data that does not ship. */
const names = readdirSync(scenarioFolder)
  .filter((file) => file.endsWith(".yaml"))
  .filter((file) => !/(trace|clients|total): \S+\.csv/.test(readFileSync(join(scenarioFolder, file), "utf8")))
  .map((file) => file.replace(/\.yaml$/, ""));

test("the scenarios that ship include ones that need no data", () => {
  expect(names).toEqual(expect.arrayContaining(["image-diurnal", "image-mmpp", "image-surge"]));
});

for (const name of names) {
  const open = () => openScenario(name, { dataFolder: null });
  environmentContract(name, async () => simulatedEnvironment(await open()));
  spaceContract(`${name} observation`, async () => (await open()).observationSpace);
  spaceContract(`${name} action`, async () => (await open()).lattice);
}
