import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerCatalogue } from "../../src/cli/catalogue.ts";
import { registerProfile } from "../../src/cli/profile.ts";
import { ConfigError, UnknownNameError } from "../../src/core/index.ts";
import { runCommand } from "./run-command.ts";

describe("profile fit", () => {
  let file: string;

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "trimtab-cli-"));
    file = join(folder, "amdahl.csv");
    // s = b (80/r + 10) + 5, without noise.
    const rows = [1, 2, 4, 8].flatMap((r) => [1, 2, 4, 8].map((b) => `${r},${b},${b * (80 / r + 10) + 5}`));
    await writeFile(file, `intraOpThreads,batch,serviceMs\n${rows.join("\n")}\n`);
  });

  test("finds the law the points follow, also on held-out points", async () => {
    const { stdout } = await runCommand(registerProfile, ["profile", "fit", file, "--json"]);
    const [device] = JSON.parse(stdout).devices;
    expect(device).toMatchObject({ device: null, points: 16, best: "amdahl" });
    const [best] = device.fits;
    expect(best.parameters.alphaMs).toBeCloseTo(80, 6);
    expect(best.parameters.betaMs).toBeCloseTo(10, 6);
    expect(best.parameters.gammaMs).toBeCloseTo(5, 6);
    expect(best.heldOut).toMatchObject({ points: 16 });
    expect(best.heldOut.worstAbsRelative).toBeLessThan(1e-8);
  });

  test("prints a table for people", async () => {
    const { stdout } = await runCommand(registerProfile, ["profile", "fit", file]);
    expect(stdout).toMatch(/held out: mean/);
    expect(stdout).toMatch(/alphaMs 80, betaMs 10, gammaMs 5/);
  });

  test("a missing file and an unknown device are refused", async () => {
    const missing = await runCommand(registerProfile, ["profile", "fit", "no-such.csv"]);
    expect(missing.error).toBeInstanceOf(ConfigError);
    expect(String(missing.error)).toMatch(/no-such\.csv: file: expected a profile in CSV, found none at/);
  });
});

test("profile list states sources and assumptions", async () => {
  const { stdout } = await runCommand(registerProfile, ["profile", "list", "--json"]);
  const names = JSON.parse(stdout).items.map((item: { name: string }) => item.name);
  expect(names).toEqual(expect.arrayContaining(["inception-v3-c5", "inception-v3-fn", "opennmt-c5"]));
});

describe("catalogue show", () => {
  test("prints every dated list with its source as one JSON document", async () => {
    const { stdout } = await runCommand(registerCatalogue, ["catalogue", "show", "--json"]);
    for (const set of JSON.parse(stdout).items) {
      expect(set.source).not.toBe("");
      expect(set.date).toMatch(/^\d{4}-\d\d$/);
    }
  });

  test("prints one list as a table, and refuses one it does not know", async () => {
    const { stdout } = await runCommand(registerCatalogue, ["catalogue", "show", "--prices", "aws-us-east-1-2018"]);
    expect(stdout).toMatch(/c5\.large/);
    expect(stdout).toMatch(/billed per 100 ms/);
    const unknown = await runCommand(registerCatalogue, ["catalogue", "show", "--prices", "aws-2050"]);
    expect(unknown.error).toBeInstanceOf(UnknownNameError);
  });
});
