// Pages made from the code say what the code says now.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { scenarioReference, unexplainedKeys } from "../../environments/index.ts";
import { packageRoot } from "../../src/store/index.ts";

const page = (name: string): Promise<string> => readFile(join(packageRoot(), "docs", name), "utf8");

test("the scenario reference is what trimtab scenario reference prints", async () => {
  expect(await page("scenario-reference.md")).toBe(scenarioReference());
});

test("every top-level key of a scenario file has a meaning", () => {
  expect(unexplainedKeys()).toEqual([]);
});

test("the page of the API is what node scripts/generate.mjs api prints", async () => {
  const script = join(packageRoot(), "scripts", "generate.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [script, "api"]);
  expect(await page("api.md")).toBe(stdout);
});
