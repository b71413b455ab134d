import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CommanderError } from "commander";
import { registerTrace } from "../../src/cli/trace.ts";
import { downloadSet } from "../../src/cli/trace-download.ts";
import { type TraceSet, traceSets } from "../../src/cli/trace-sets.ts";
import { TraceError, UnknownNameError } from "../../src/core/index.ts";
import { runCommand } from "./run-command.ts";

let folder: string;
const before = process.env["TRIMTAB_DATA"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-cli-"));
  const counts = Array.from({ length: 600 }, (_, i) => `${i},${10 + (i % 7)}`).join("\n");
  await writeFile(join(folder, "steady.csv"), `t_s,count\n${counts}\n`);
  await writeFile(
    join(folder, "workload.yaml"),
    "workload: { model: mmpp, ratesRps: [5, 40], meanSojournS: [60, 20], durationS: 3600 }\n",
  );
});

beforeEach(() => {
  process.env["TRIMTAB_DATA"] = folder;
});

afterAll(() => {
  if (before === undefined) delete process.env["TRIMTAB_DATA"];
  else process.env["TRIMTAB_DATA"] = before;
});

const trace = (...args: string[]) => runCommand(registerTrace, ["trace", ...args]);

describe("trace inspect", () => {
  test("finds a trace in the data folder and prints one JSON document", async () => {
    const { stdout, error } = await trace("inspect", "steady.csv", "--json");
    expect(error).toBeNull();
    const report = JSON.parse(stdout);
    // 600 s of 10 … 16 in turn: 85 weeks of 91 and the first five days, 10 + 11 + 12 + 13 + 14 = 60.
    expect(report).toMatchObject({ requests: 85 * 91 + 60, durationS: 600, missingS: 0, synthesised: false });
    expect(report.dispersion.map((one: { windowS: number }) => one.windowS)).toEqual([1, 10, 60, 100, 600, 3600]);
  });

  test("without the data folder says where it looked and how to get the data", async () => {
    delete process.env["TRIMTAB_DATA"];
    const { stdout, error } = await trace("inspect", "set/steady.csv");
    expect(stdout).toBe("");
    expect(error).toBeInstanceOf(TraceError);
    expect(String(error)).toMatch(/set TRIMTAB_DATA to the folder .* or get it with: trimtab trace download set/);
  });

  test("prints a table and a picture for people, a part of the trace where asked", async () => {
    const { stdout } = await trace(
      "inspect",
      "steady.csv",
      "--start",
      "60",
      "--duration",
      "120",
      "--exclude",
      "100:110",
    );
    expect(stdout).toMatch(/[▁▂▃▄▅▆▇█]{5}/);
    expect(stdout).toMatch(/index of dispersion/);
  });

  test("refuses an exclusion that is none as a usage error", async () => {
    const { error } = await trace("inspect", "steady.csv", "--exclude", "9:3");
    expect(error).toBeInstanceOf(CommanderError);
  });
});

test("trace fit prints every model's dispersion beside the trace's, and a block that plays it", async () => {
  await trace("synth", "--workload", join(folder, "workload.yaml"), "--out", join(folder, "fitted.csv"), "--seed", "5");
  const { stdout } = await trace("fit", "fitted.csv", "--json");
  const fit = JSON.parse(stdout);
  expect(fit.matched.worstAbsRelative).toBeLessThan(0.15);
  expect(fit.grid.worstAbsRelative).toBeGreaterThanOrEqual(fit.matched.worstAbsRelative - 1e-6);
  expect(fit.workload).toMatchObject({ model: "mmpp", durationS: 3600 });
  expect((await trace("fit", "fitted.csv")).stdout).toMatch(/MMPP\(2\), closest/);
});

describe("trace synth", () => {
  test("writes the same run for the same seed, as counts or times, and overwrites nothing", async () => {
    const workload = join(folder, "workload.yaml");
    const run = async (name: string, ...args: string[]): Promise<string> => {
      const { error } = await trace("synth", "--workload", workload, "--out", join(folder, name), ...args);
      expect(error).toBeNull();
      const bytes = await readFile(join(folder, name));
      return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
    };
    const counts = await run("one.csv.gz", "--seed", "2");
    expect(await run("two.csv", "--seed", "2")).toBe(counts);
    const times = await run("times.csv", "--seed", "2", "--times");
    const total = counts
      .trim()
      .split("\n")
      .slice(1)
      .reduce((sum, line) => sum + Number(line.split(",")[1]), 0);
    expect(times.trim().split("\n")).toHaveLength(total + 1);
    const again = await trace("synth", "--workload", workload, "--out", join(folder, "two.csv"));
    expect(String(again.error)).toMatch(/two\.csv: file: expected a name that is free, found an existing file/);
  });

  test("refuses a workload by the path of its fault", async () => {
    await writeFile(join(folder, "bad.yaml"), "workload: { model: poisson, rateRps: -1 }\n");
    const { error } = await trace("synth", "--workload", join(folder, "bad.yaml"), "--out", join(folder, "x.csv"));
    expect(String(error)).toMatch(/bad\.yaml: rateRps: expected .*found -1/);
  });
});

describe("trace download", () => {
  let server: Server;
  let origin: string;
  const served = new Map<string, string>();

  beforeAll(async () => {
    server = createServer((request, response) => {
      const body = served.get(request.url ?? "");
      response.writeHead(body === undefined ? 404 : 200).end(body ?? "");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const rows =
    "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n" +
    "2023-11-16 18:15:50.9951690,396,109\r\n2023-11-16 18:16:00.6805900,879,55";
  const wanted = "t_ms,input_tokens,output_tokens\n0,374,44\n4314.579,396,109\n14000,879,55\n";
  const azure = traceSets.find((set) => set.name === "azure-llm-2023");
  const convert = azure?.files[0]?.convert ?? (() => "");

  function setOf(sha256: string): TraceSet {
    const files = [{ name: "requests.csv.gz", paths: ["data/x.csv"], convert, sha256 }];
    return { name: "small", about: "a test", licence: "none", base: "owner/repository/commit", files };
  }

  test("fetches, converts, checks and writes", async () => {
    served.set("/owner/repository/commit/data/x.csv", rows);
    const sha256 = createHash("sha256").update(wanted).digest("hex");
    const to = await mkdtemp(join(tmpdir(), "trimtab-download-"));
    const seen: string[] = [];
    const paths = await downloadSet(setOf(sha256), to, `${origin}/`, (_, path) => seen.push(path));
    expect(paths).toEqual([join(to, "small", "requests.csv.gz")]);
    expect(seen).toEqual(["data/x.csv"]);
    expect(gunzipSync(await readFile(join(to, "small", "requests.csv.gz"))).toString()).toBe(wanted);
  });

  test("another content than expected is refused, and nothing is written", async () => {
    served.set("/owner/repository/commit/data/x.csv", rows.replace("374,44", "374,45"));
    const sha256 = createHash("sha256").update(wanted).digest("hex");
    const to = await mkdtemp(join(tmpdir(), "trimtab-download-"));
    await expect(downloadSet(setOf(sha256), to, origin)).rejects.toThrow(
      /sha256: expected .*, found .*; nothing was written/,
    );
    expect(await readdir(to)).toEqual([]);
  });

  test("an origin that does not have the file, or does not answer, is told", async () => {
    served.clear();
    await expect(downloadSet(setOf(""), folder, origin)).rejects.toThrow(/expected status 200, found 404/);
    await expect(downloadSet(setOf(""), folder, "http://127.0.0.1:9")).rejects.toThrow(/expected an answer, found/);
  });

  test("without a name lists the sets with their licences; an unknown name is refused with the known ones", async () => {
    const { stdout } = await trace("download", "--json");
    expect(JSON.parse(stdout).items.map((item: { name: string }) => item.name)).toContain("twitter-2021-08");
    expect((await trace("download", "nope")).error).toBeInstanceOf(UnknownNameError);
  });

  test("rows in place of a table are refused", async () => {
    served.set("/owner/repository/commit/data/x.csv", "<html>\nsign in\n</html>");
    await expect(downloadSet(setOf(""), folder, origin)).rejects.toThrow(/row 2: expected a time and two token counts/);
  });

  test("clients of several files become one table with four digits, silent windows left out", () => {
    const file = traceSets.find((set) => set.name === "servegen-bailian")?.files[0];
    const bodies = (file?.paths ?? []).map((_, i) =>
      Buffer.from(i === 0 ? "0,0.0,,,0,0\n600,15.96666,1.06912,Gamma,0.87589,0.0703812\n" : ""),
    );
    expect(file?.convert(bodies)).toBe(
      "client,t_s,rate_rps,cv,iat_family,arg1,arg2\n7,600,15.97,1.069,Gamma,0.8759,0.07038\n",
    );
  });
});
