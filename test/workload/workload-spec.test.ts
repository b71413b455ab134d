import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TraceError } from "../../src/core/index.ts";
import { openWorkload, type Workload, workloadSchema } from "../../src/workload/index.ts";

const nowhere = { baseFolder: "/nonexistent", dataFolder: null };

async function open(block: unknown): Promise<Workload> {
  return openWorkload(workloadSchema.parse(block), nowhere);
}

describe("a workload block", () => {
  test.each<[string, unknown, number]>([
    ["poisson", { model: "poisson", rateRps: 20, scale: 2 }, 40],
    ["mmpp: shares 5/6 and 1/6", { model: "mmpp", ratesRps: [50, 200], meanSojournS: [600, 120] }, 75],
    ["one phase is Poisson", { model: "mmpp", ratesRps: [50], meanSojournS: [1] }, 50],
    ["map", { model: "map", d0: [[-3]], d1: [[3]], scale: 2 }, 6],
    ["renewal", { model: "renewal", family: "weibull", rateRps: 7, cv: 2 }, 7],
    ["diurnal over whole days", { model: "diurnal", meanRps: 30, amplitude: 0.5 }, 30],
    ["surge: a sixth of the time at twice", { model: "surge", baseRps: 30, factors: [2], surgeS: 10, everyS: 60 }, 35],
    ["clients", { clients: [{ rateRps: 3 }, { family: "weibull", cv: 3, rateRps: [2, 4] }], durationS: 1200 }, 6],
    [
      "a sum",
      {
        parts: [
          { model: "poisson", rateRps: 2 },
          { model: "poisson", rateRps: 3, durationS: 43_200 },
        ],
      },
      3.5,
    ],
  ])("%s", async (_, block, rateRps) => {
    expect((await open(block)).meanRateRps).toBeCloseTo(rateRps, 8);
  });

  test("begins its day at the trough unless told when the peak is", async () => {
    const trough = await open({ model: "diurnal", meanRps: 30, amplitude: 0.5 });
    expect(trough.rateRps(0)).toBeCloseTo(15, 10);
    const noon = await open({
      model: "diurnal",
      meanRps: 30,
      amplitude: [0.5, 0.1],
      periodS: [86_400, 43_200],
      peakS: [0, 0],
    });
    expect(noon.rateRps(0)).toBeCloseTo(48, 10);
  });

  test.each<[string, unknown, string, RegExp]>([
    ["an unknown key", { model: "poisson", rateRps: 1, speed: 2 }, "", /unrecognized/i],
    ["an unknown model", { model: "fractal" }, "model", /Invalid/],
    ["a rate of nothing", { model: "poisson", rateRps: 0 }, "rateRps", />0/],
    ["a negative scale", { model: "poisson", rateRps: 1, scale: -1 }, "scale", />0/],
    [
      "phases without stays",
      { model: "mmpp", ratesRps: [1, 2], meanSojournS: [1] },
      "meanSojournS",
      /one per phase \(2\)/,
    ],
    ["phases without arrivals", { model: "mmpp", ratesRps: [0, 0], meanSojournS: [1, 1] }, "ratesRps", /above 0/],
    [
      "jumps that lose",
      {
        model: "mmpp",
        ratesRps: [1, 2],
        meanSojournS: [1, 1],
        jumps: [
          [0, 1],
          [0.5, 0],
        ],
      },
      "jumps",
      /sum to 1/,
    ],
    ["a MAP that leaks", { model: "map", d0: [[-3]], d1: [[2]] }, "d0.0", /minus their sum \(-2\), found -3/],
    ["a MAP that is not square", { model: "map", d0: [[-3]], d1: [[2, 1]] }, "d1", /two square matrices/],
    [
      "a swing below nothing",
      { model: "diurnal", meanRps: 1, amplitude: [0.8, 0.4], periodS: [1, 2] },
      "amplitude",
      /at most 1/,
    ],
    [
      "surges that overlap",
      { model: "surge", baseRps: 1, factors: [2], surgeS: 10, everyS: 5 },
      "everyS",
      /at least surgeS/,
    ],
    ["an empty exclusion", { trace: "x.csv", exclude: [{ fromS: 5, toS: 5 }] }, "exclude.0.toS", /after fromS/],
    ["an unknown format", { trace: "x.csv", format: "xlsx" }, "format", /Invalid option/],
  ])("refuses %s, naming the field", (_, block, path, message) => {
    const result = workloadSchema.safeParse(block);
    const issue = result.error?.issues[0];
    expect(issue?.path.join(".")).toBe(path);
    expect(issue?.message).toMatch(message);
  });
});

describe("files of a workload", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "trimtab-workload-"));
    await writeFile(join(folder, "counts.csv"), "count\n5\n6\n7\n");
    await writeFile(join(folder, "total.csv"), "t_s,rate_rps\n0,10\n600,20\n");
    await writeFile(
      join(folder, "clients.csv"),
      "client,t_s,rate_rps,cv,iat_family,arg1,arg2\na,0,4,1,Gamma,1,0.25\na,600,8,2,Weibull,0.6,0.08\nb,600,2,1,Gamma,1,0.5\n",
    );
  });

  test("are looked for beside the scenario, then in the data folder", async () => {
    const spec = workloadSchema.parse({ trace: "counts.csv" });
    expect((await openWorkload(spec, { baseFolder: folder, dataFolder: null })).durationS).toBe(3);
    expect((await openWorkload(spec, { baseFolder: "/nonexistent", dataFolder: folder })).durationS).toBe(3);
    const absolute = workloadSchema.parse({ trace: join(folder, "counts.csv") });
    expect((await openWorkload(absolute, nowhere)).meanRateRps).toBeCloseTo(6, 12);
  });

  test("that are nowhere are refused with the places and the way to get them", async () => {
    const spec = workloadSchema.parse({ trace: "set-a/counts.csv" });
    await expect(openWorkload(spec, nowhere)).rejects.toThrow(TraceError);
    await expect(openWorkload(spec, nowhere)).rejects.toThrow(
      /none at \/nonexistent\/set-a\/counts\.csv; set TRIMTAB_DATA .* or get it with: trimtab trace download set-a/,
    );
    await expect(openWorkload(spec, { ...nowhere, dataFolder: "/data" })).rejects.toThrow(
      /none at \/nonexistent\/set-a\/counts\.csv or \/data\/set-a\/counts\.csv; get it with/,
    );
  });

  test("a start behind the end of a trace is refused", async () => {
    const spec = workloadSchema.parse({ trace: "counts.csv", startS: 3 });
    await expect(openWorkload(spec, { baseFolder: folder, dataFolder: null })).rejects.toThrow(
      /startS: expected less than its length of 3 s, found 3/,
    );
  });

  test("clients by window, their rates moved to the cut's clock", async () => {
    const folders = { baseFolder: folder, dataFolder: null };
    const all = await openWorkload(workloadSchema.parse({ clients: "clients.csv", durationS: 1200 }), folders);
    expect([0, 599, 600].map((t) => all.rateRps(t))).toEqual([4, 4, 10]);
    const late = workloadSchema.parse({ clients: "clients.csv", startS: 300, durationS: 600, scale: 2 });
    const cut = await openWorkload(late, folders);
    expect([0, 299, 300].map((t) => cut.rateRps(t))).toEqual([8, 8, 20]);
  });

  test("what a total leaves beside the listed clients arrives too", async () => {
    const spec = workloadSchema.parse({ clients: "clients.csv", total: "total.csv", durationS: 1200 });
    const workload = await openWorkload(spec, { baseFolder: folder, dataFolder: null });
    expect([0, 600].map((t) => workload.rateRps(t))).toEqual([10, 20]);
    expect(workload.meanRateRps).toBeCloseTo(15, 10);
  });

  test.each([
    ["client,t_s\n", /header: expected client, t_s, rate_rps, .*found no rate_rps, cv/],
    ["client,t_s,rate_rps,cv,iat_family,arg1,arg2\na,0,-4,1,Gamma,1,1\n", /row 2, column rate_rps: .*found "-4"/],
    [
      "client,t_s,rate_rps,cv,iat_family,arg1,arg2\na,0,4,1,Pareto,1,1\n",
      /column iat_family: expected Gamma or Weibull/,
    ],
    [
      "client,t_s,rate_rps,cv,iat_family,arg1,arg2\na,0,4,1,Gamma,0,1\n",
      /column arg1: expected a shape greater than 0/,
    ],
    [
      "client,t_s,rate_rps,cv,iat_family,arg1,arg2\na,600,4,1,Gamma,1,1\na,0,4,1,Gamma,1,1\n",
      /row 3, column t_s: expected a time of at least 1200 s, found "0"/,
    ],
    ["client,t_s,rate_rps,cv,iat_family,arg1,arg2\n", /at least one row of data/],
  ])("refuses clients such as %j", async (text, message) => {
    await writeFile(join(folder, "bad.csv"), text);
    const spec = workloadSchema.parse({ clients: "bad.csv" });
    await expect(openWorkload(spec, { baseFolder: folder, dataFolder: null })).rejects.toThrow(message);
  });
});
