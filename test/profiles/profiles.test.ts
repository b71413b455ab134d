import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ConfigError, UnknownNameError } from "../../src/core/index.ts";
import {
  amdahlProfile,
  constantProfile,
  linearProfile,
  namedProfiles,
  openProfile,
  parseProfile,
  profileSchema,
  type ServiceProfile,
  tableProfile,
} from "../../src/profiles/index.ts";

const nowhere = { baseFolder: "/nonexistent", dataFolder: null };

function named(name: string): ServiceProfile {
  const found = namedProfiles.find((profile) => profile.name === name);
  if (found === undefined) throw new Error(`expected a profile ${name}`);
  return found.profile;
}

describe("closed forms", () => {
  test("give the times their formulas say", () => {
    expect(constantProfile(7).serviceMs({ batch: 5 })).toBe(7);
    expect(linearProfile({ baseMs: 5, perItemMs: 2 }).serviceMs({ batch: 8 })).toBe(21);
    // 1.5 · 4 · (80/8 + 10) + 3
    const amdahl = amdahlProfile({ lambda: 1.5, alphaMs: 80, betaMs: 10, gammaMs: 3 });
    expect(amdahl.serviceMs({ batch: 4, intraOpThreads: 8 })).toBe(123);
    expect(amdahl.serviceMs({ batch: 4, tensorParallel: 8 })).toBe(123);
    expect(amdahl.serviceMs({ batch: 1 })).toBe(138);
  });

  test("memory buys cores where the profile says how much", () => {
    const profile = amdahlProfile({ lambda: 1, alphaMs: 100, betaMs: 10, gammaMs: 0, mbPerCore: 1769 });
    expect(profile.serviceMs({ batch: 1, memoryMb: 2 * 1769 })).toBe(60);
    expect(profile.serviceMs({ batch: 1, memoryMb: 1769 / 2 })).toBe(210);
  });
});

describe("a table", () => {
  const rows = [1, 2, 4].flatMap((threads) =>
    [1, 4, 16].map((batch) => ({ intraOpThreads: threads, batch, serviceMs: (10 * batch) / threads + 5 })),
  );
  const table = tableProfile("t", rows);

  test("returns the measured points exactly", () => {
    for (const { serviceMs, ...point } of rows) expect(table.serviceMs(point)).toBeCloseTo(serviceMs, 10);
  });

  test("is linear between them in the logarithms", () => {
    // Between batch 1 (15 ms) and 4 (45 ms), batch 2 lies half-way in the logarithm.
    expect(table.serviceMs({ batch: 2, intraOpThreads: 1 })).toBeCloseTo(Math.sqrt(15 * 45), 10);
    // Between 2 threads (10 ms) and 4 (7.5 ms), √8 lies half-way.
    expect(table.serviceMs({ batch: 1, intraOpThreads: Math.sqrt(8) })).toBeCloseTo(Math.sqrt(10 * 7.5), 10);
  });

  test("never leaves the range of its neighbours (monotone)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 1e4, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.double({ min: 1, max: 8, noNaN: true }),
        (times, batch) => {
          const profile = tableProfile(
            "p",
            times.map((serviceMs, i) => ({ batch: 2 ** i, serviceMs })),
          );
          const i = Math.min(2, Math.floor(Math.log2(batch)));
          const ends = [times[i] ?? 0, times[i + 1] ?? 0];
          const value = profile.serviceMs({ batch });
          return value >= Math.min(...ends) * (1 - 1e-9) && value <= Math.max(...ends) * (1 + 1e-9);
        },
      ),
    );
  });

  test("beyond the largest batch follows the last slope, below the smallest pads", () => {
    const gpu = tableProfile("gpu", [
      { batch: 4, serviceMs: 20 },
      { batch: 8, serviceMs: 40 },
    ]);
    expect(gpu.serviceMs({ batch: 1 })).toBeCloseTo(20, 10);
    expect(gpu.serviceMs({ batch: 32 })).toBeCloseTo(160, 10);
    expect(tableProfile("one", [{ batch: 8, serviceMs: 40 }]).serviceMs({ batch: 16 })).toBeCloseTo(80, 10);
  });

  test("more threads than measured help no further, fewer take inversely longer", () => {
    expect(table.serviceMs({ batch: 4, intraOpThreads: 64 })).toBeCloseTo(15, 10);
    expect(table.serviceMs({ batch: 1, intraOpThreads: 0.5 })).toBeCloseTo(30, 10);
  });

  test("a setting the point does not name is the least measured one", () => {
    expect(table.serviceMs({ batch: 1 })).toBeCloseTo(15, 10);
  });

  test("refuses no points, a point twice, a hole, and a setting only some rows have", () => {
    expect(() => tableProfile("t", [])).toThrow(ConfigError);
    expect(() => tableProfile("t", [...rows, { intraOpThreads: 1, batch: 1, serviceMs: 3 }])).toThrow(
      /each point once/,
    );
    const hole = [
      { intraOpThreads: 1, memoryMb: 512, batch: 1, serviceMs: 1 },
      { intraOpThreads: 2, memoryMb: 1024, batch: 1, serviceMs: 1 },
    ];
    expect(() => tableProfile("t", hole)).toThrow(/intraOpThreads 1, memoryMb 1024/);
    expect(() => tableProfile("t", [...rows, { batch: 99, serviceMs: 3 }])).toThrow(/in every row or in none/);
  });
});

describe("a profile file", () => {
  const csv = "device,cores,batch,serviceMs\na,1,1,10\na,2,1,6\nb,1,1,3\nb,2,1,2\n";

  test("is read by column name, cores being threads", () => {
    expect(parseProfile(csv, "x.csv")[1]).toEqual({ device: "a", intraOpThreads: 2, batch: 1, serviceMs: 6 });
  });

  test.each([
    ["batch,ms\n1,2\n", /header: expected any of .*found "ms"/],
    ["batch\n1\n", /expected a column serviceMs/],
    ["cores,intraOpThreads,serviceMs\n1,1,1\n", /expected cores or intraOpThreads, found both/],
    ["batch,serviceMs\n1,-2\n", /row 2, column serviceMs: expected a number above 0, found "-2"/],
    ["batch,serviceMs\n1,2\nx,2\n", /row 3, column batch: expected a number above 0, found "x"/],
    ["batch,serviceMs\n1\n", /as many fields as the header/],
    ["", /expected a header and at least one row/],
  ])("refuses %j", (text, message) => {
    expect(() => parseProfile(text, "x.csv")).toThrow(message);
  });

  test("is found beside the scenario, its rows taken by device", async () => {
    const folder = await mkdtemp(join(tmpdir(), "trimtab-profiles-"));
    await writeFile(join(folder, "x.csv"), csv);
    const folders = { baseFolder: folder, dataFolder: null };
    const b = await openProfile(profileSchema.parse({ file: "x.csv" }), { ...folders, device: "b" });
    expect(b.serviceMs({ batch: 1, intraOpThreads: 2 })).toBeCloseTo(2, 10);
    const a = await openProfile(profileSchema.parse({ file: "x.csv", device: "a" }), { ...folders, device: "b" });
    expect(a.serviceMs({ batch: 1, intraOpThreads: 2 })).toBeCloseTo(6, 10);
    await expect(openProfile({ file: "x.csv" }, { ...folders, device: "c" })).rejects.toThrow(/one of a, b, found c/);
  });

  test("that is missing is refused with the places tried", async () => {
    const opening = openProfile({ file: "x.csv" }, { baseFolder: "/nonexistent", dataFolder: "/data" });
    await expect(opening).rejects.toThrow(/none at \/nonexistent\/x.csv or \/data\/x.csv/);
  });
});

describe("the profiles that ship", () => {
  test("state their source and assumption", () => {
    for (const { source, assumption } of namedProfiles) {
      expect(source).not.toBe("");
      expect(assumption).not.toBe("");
    }
  });

  test("reproduce the published capacities of c5 instances, in requests a minute", () => {
    const c5 = named("inception-v3-c5");
    for (const [vcpus, perMinute] of [
      [2, 284],
      [4, 490],
      [8, 771],
      [16, 1080],
    ] as const) {
      expect(60_000 / c5.serviceMs({ batch: 1, intraOpThreads: vcpus })).toBeCloseTo(perMinute, 6);
      expect((8 * 60_000) / c5.serviceMs({ batch: 8, intraOpThreads: vcpus })).toBeCloseTo(perMinute, 6);
    }
  });

  test("reproduce the published figures of accelerators, containers and functions", () => {
    expect(named("inception-v3-p2").serviceMs({ batch: 8 })).toBeCloseTo(60_000 / 415, 8);
    expect(8000 / named("inception-v3-t4").serviceMs({ batch: 8 })).toBeCloseTo(363, 8);
    expect(named("inception-v3-container").serviceMs({ batch: 1, intraOpThreads: 2 })).toBeCloseTo(217, 8);
    expect(named("inception-v3-fn").serviceMs({ batch: 1, memoryMb: 3008 })).toBeCloseTo(380, 8);
    expect(named("opennmt-c5").serviceMs({ batch: 1, intraOpThreads: 2 })).toBeCloseTo(2180, 8);
    expect(named("opennmt-container").serviceMs({ batch: 1, intraOpThreads: 2 })).toBeCloseTo(2280, 8);
    expect(named("opennmt-fn").serviceMs({ batch: 1, memoryMb: 3008 })).toBeCloseTo(3100, 8);
    expect(named("inception-resnet-c5").serviceMs({ batch: 1, intraOpThreads: 2 })).toBeCloseTo(398, 8);
  });

  test("the stated shape over cores is that of the c5 capacities within 0.2 %", () => {
    for (const [vcpus, perMinute] of [
      [2, 284],
      [4, 490],
      [8, 771],
      [16, 1080],
    ] as const) {
      expect(Math.abs((356 / vcpus + 33.4) / (60_000 / perMinute) - 1)).toBeLessThan(0.002);
    }
  });

  test("an unknown name is refused with the known ones", async () => {
    await expect(openProfile("resnet-9000", nowhere)).rejects.toThrow(UnknownNameError);
    await expect(openProfile("resnet-9000", nowhere)).rejects.toThrow(/inception-v3-c5/);
  });
});

test("the schema refuses unknown keys and impossible values", () => {
  for (const bad of [
    { constantMs: 0 },
    { constantMs: 3, speed: 1 },
    { linear: { baseMs: 0, perItemMs: 0 } },
    { amdahl: { alphaMs: -1 } },
    {},
    5,
  ]) {
    expect(profileSchema.safeParse(bad).success).toBe(false);
  }
});
