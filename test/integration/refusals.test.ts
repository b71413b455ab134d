// Bad input at the command line: refused with the field's path, what was expected and found; exit code 1; nothing changed.

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const root = join(__dirname, "..", "..");
const cli = join(root, "dist", "src", "cli", "main.js");
let folder: string;
let tiny: string;

interface Outcome {
  readonly code: number;
  readonly stderr: string;
  readonly stdout: string;
}

function trimtab(...words: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      "node",
      [cli, ...words],
      { cwd: folder, env: { ...process.env, TRIMTAB_DATA: folder } },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stderr, stdout });
      },
    );
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-refusals-"));
  tiny = await readFile(join(root, "test", "fixtures", "tiny-fleet.yaml"), "utf8");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function refusedScenario(text: string): Promise<string> {
  await writeFile(join(folder, "refused.yaml"), text);
  const { code, stderr, stdout } = await trimtab("scenario", "validate", "./refused.yaml", "--json");
  expect(code).toBe(1);
  expect(stdout).toBe("");
  return stderr;
}

const onTrace = (file: string): string => tiny.replace(/^workload:.*$/m, `workload: { trace: ${file} }`);

test("an unknown key and a negative SLO in a scenario", async () => {
  expect(await refusedScenario(`${tiny}\nlimit: 3\n`)).toMatch(/limit: expected a known key, found "limit"/);
  expect(await refusedScenario(tiny.replace("latencyMs: 600", "latencyMs: -600"))).toMatch(
    /slo\[0\]\.latencyMs: expected .*found -600/,
  );
});

test("a missing trace, with where it was looked for", async () => {
  expect(await refusedScenario(onTrace("none.csv"))).toMatch(/none\.csv: expected a file, found none at .*none\.csv/);
});

test("a truncated gzip", async () => {
  const whole = gzipSync(`count\n${"5\n".repeat(20_000)}`);
  await writeFile(join(folder, "cut.csv.gz"), whole.subarray(0, whole.length - 12));
  expect(await refusedScenario(onTrace("cut.csv.gz"))).toMatch(/cut\.csv\.gz.*expected.*found/);
});

test("a trace with a negative count, with its row", async () => {
  await writeFile(join(folder, "negative.csv"), "count\n5\n-3\n4\n");
  expect(await refusedScenario(onTrace("negative.csv"))).toMatch(/negative\.csv.*3.*count.*expected.*found.*-3/);
});

test("a checkpoint with one flipped byte, and the file stays as it was", async () => {
  await writeFile(join(folder, "tiny.yaml"), tiny);
  const trained = await trimtab(
    "train",
    "--scenario",
    "./tiny.yaml",
    "--agent",
    "q-table",
    "--episodes",
    "1",
    "--out",
    "t1",
    "--json",
  );
  expect(trained.code).toBe(0);
  const bytes = await readFile(join(folder, "t1"));
  bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
  await writeFile(join(folder, "t1"), bytes);
  const before = (await readdir(folder)).sort();
  for (const words of [
    ["evaluate", "--scenario", "./tiny.yaml", "--policies", "t1", "--json"],
    ["export", "t1", "--format", "json", "--out", "t1.json"],
    ["train", "--scenario", "./tiny.yaml", "--agent", "q-table", "--episodes", "2", "--out", "t1"],
  ]) {
    const { code, stderr } = await trimtab(...words);
    expect(code).toBe(1);
    expect(stderr).toMatch(/t1: damaged file, sha256: expected [0-9a-f]{64}, found [0-9a-f]{64}/);
  }
  expect(await readFile(join(folder, "t1"))).toEqual(bytes);
  expect((await readdir(folder)).sort()).toEqual(before);
});

test("an unknown policy name, with the names there are", async () => {
  const { code, stderr } = await trimtab("evaluate", "--scenario", "image-mmpp", "--policies", "nobody", "--json");
  expect(code).toBe(1);
  expect(stderr).toMatch(/policy: expected one of .*mark.*, found "nobody"/);
});

test("a usage error exits with 2 and says what is wrong", async () => {
  const { code, stderr } = await trimtab(
    "evaluate",
    "--scenario",
    "image-mmpp",
    "--policies",
    "static",
    "--seeds",
    "0",
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(/expected a whole number of at least 1, found "0"/);
});

test("every command has a --help with an example", async () => {
  const { stdout } = await trimtab("--help");
  const names = [...stdout.slice(stdout.indexOf("Commands:")).matchAll(/^ {2}([a-z]+)/gm)].map(
    (match) => match[1] ?? "",
  );
  expect(names).toEqual(
    expect.arrayContaining(["serve", "train", "evaluate", "export", "scenario", "trace", "doctor", "bench", "tune"]),
  );
  for (const name of names.filter((one) => one !== "help")) {
    const help = (await trimtab(name, "--help")).stdout;
    const children = [...(help.split("Commands:")[1] ?? "").matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1] ?? "");
    const pages =
      children.length === 0
        ? [help]
        : await Promise.all(
            children
              .filter((one) => one !== "help")
              .map(async (child) => (await trimtab(name, child, "--help")).stdout),
          );
    for (const page of pages) expect(page).toMatch(/Example/);
  }
});
