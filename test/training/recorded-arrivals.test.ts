import { SeededRandom } from "../../src/math/index.ts";
import { recordedArrivals } from "../../src/training/recorded-arrivals.ts";
import { laterWorkload, openWorkload, type Workload, workloadSchema } from "../../src/workload/index.ts";

async function poissonAt(rateRps: number, durationS: number): Promise<Workload> {
  const spec = workloadSchema.parse({ model: "poisson", rateRps, durationS });
  return openWorkload(spec, { baseFolder: ".", dataFolder: null });
}

function timesOf(workload: Workload): number[] {
  const source = workload.open(new SeededRandom(1));
  const block = new Float64Array(1000);
  const times: number[] = [];
  for (let n = source.fill(block); n > 0; n = source.fill(block)) times.push(...block.subarray(0, n));
  return times;
}

test("what is told of the first part and what is simulated of the rest are one run of the workload", async () => {
  const workload = await poissonAt(20, 1000);
  const told = [...recordedArrivals(workload, new SeededRandom(1), 600, 10)];
  const all = timesOf(workload);
  expect(told).toHaveLength(60);
  expect(told[0]?.timeS).toBe(-590);
  expect(told.at(-1)?.timeS).toBe(0);
  for (const { timeS, rateRps, recentRatesRps } of told) {
    const toS = 600 + timeS;
    expect(10 * rateRps).toBeCloseTo(all.filter((time) => time >= toS - 10 && time < toS).length, 9);
    expect(recentRatesRps[0]).toBe(all.filter((time) => time >= toS - 10 && time < toS - 9).length);
  }
  const later = timesOf(laterWorkload(workload, 600));
  expect(told.reduce((sum, { rateRps }) => sum + 10 * rateRps, 0) + later.length).toBeCloseTo(all.length, 6);
});

test("windows that touch missing data are not told", async () => {
  const workload = { ...(await poissonAt(20, 1000)), excluded: [{ fromS: 95, toS: 105 }] };
  const ends = [...recordedArrivals(workload, new SeededRandom(1), 200, 10)].map(({ timeS }) => 200 + timeS);
  expect(ends).toHaveLength(18);
  expect(ends).not.toContain(100);
  expect(ends).not.toContain(110);
});
