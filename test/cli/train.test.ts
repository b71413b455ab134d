// `trimtab train`: on a scenario, or across applications.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerTrain } from "../../src/cli/train.ts";
import { readCheckpoint } from "../../src/store/index.ts";
import { runCommand } from "./run-command.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trimtab-train-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SMALL = "meta:hidden=8,units=4,steps=3,rollout=20,batch=10,passes=1";
const train = (...flags: string[]) => runCommand(registerTrain, ["train", "--agent", SMALL, ...flags]);

test("across applications, and from there on one of them", async () => {
  const out = join(folder, "across");
  const across = await train("--applications", "1001-1002", "--shown", "0", "--windows", "20", "--out", out, "--json");
  expect(across.error).toBeNull();
  expect(JSON.parse(across.stdout)).toMatchObject({ agent: SMALL, steps: 40, checkpoint: out });
  expect((await readCheckpoint(out)).spec.kind).toBe("meta");
  const fixture = join(__dirname, "..", "fixtures", "tiny-fleet.yaml");
  const other = await train("--scenario", fixture, "--start", out, "--out", join(folder, "on"), "--episodes", "1");
  expect(String(other.error)).toMatch(/does not fit this lattice/);
}, 60_000);

test.each([
  [[], /--scenario, --applications: expected one of them, found none/],
  [["--scenario", "image-diurnal", "--applications", "1"], /expected one of them, found both/],
  [["--applications", "5-1"], /expected numbers of applications such as 1001-1600, found "5-1"/],
  [["--applications", "many"], /expected numbers of applications such as 1001-1600, found "many"/],
])("refuses %j", async (flags, expected) => {
  const { error } = await train(...flags, "--out", join(folder, "x"));
  expect(String(error)).toMatch(expected);
});
