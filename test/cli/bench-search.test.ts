import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerBenchChange } from "../../src/cli/bench-change.ts";
import { registerBenchSearch } from "../../src/cli/bench-search.ts";
import { ConfigError, UnknownNameError } from "../../src/core/index.ts";
import { runCommand } from "./run-command.ts";

describe.each([
  ["search", registerBenchSearch],
  ["change", registerBenchChange],
] as const)("bench %s", (name, register) => {
  test("a problem that does not open is refused with what was expected, before anything runs", async () => {
    const folder = await mkdtemp(join(tmpdir(), "trimtab-problem-"));
    const file = join(folder, "odd.yaml");
    await writeFile(file, "name: odd\n");
    const { error } = await runCommand(register, [name, "--problems", file, "--cache", folder]);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain("odd.yaml");
    expect(String(error)).toMatch(/expected .*, found/);
  });

  test("an unknown problem lists the sets", async () => {
    const { error } = await runCommand(register, [name, "--problems", "nothing-of-the-kind"]);
    expect(error).toBeInstanceOf(UnknownNameError);
    expect(String(error)).toMatch(/held-out.*reference.*wrong-physics/);
  });
});
