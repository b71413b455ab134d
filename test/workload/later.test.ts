import { SeededRandom } from "../../src/math/index.ts";
import { laterWorkload } from "../../src/workload/later.ts";
import type { Workload } from "../../src/workload/workload.ts";

const every7S: Workload = {
  name: "every 7 s",
  durationS: 100,
  meanRateRps: 1 / 7,
  excluded: [
    { fromS: 10, toS: 20 },
    { fromS: 45, toS: 60 },
  ],
  open() {
    let next = 0;
    return {
      fill(times) {
        let n = 0;
        for (; n < times.length && next < 100; next += 7) times[n++] = next;
        return n;
      },
    };
  },
  rateRps: (timeS) => timeS,
};

function arrivals(workload: Workload): number[] {
  const source = workload.open(new SeededRandom(1));
  const block = new Float64Array(4);
  const all: number[] = [];
  for (let n = source.fill(block); n > 0; n = source.fill(block)) all.push(...block.subarray(0, n));
  return all;
}

test("the later workload has the same arrivals, the moment it starts at taken off", () => {
  const later = laterWorkload(every7S, 50);
  expect(arrivals(later)).toEqual(
    arrivals(every7S)
      .filter((timeS) => timeS >= 50)
      .map((timeS) => timeS - 50),
  );
  expect(later.durationS).toBe(50);
  expect(later.rateRps(3)).toBe(53);
});

test("missing data moves along, and a span under way is cut", () => {
  expect(laterWorkload(every7S, 50).excluded).toEqual([{ fromS: 0, toS: 10 }]);
});

test("from time 0 on it is the workload itself", () => {
  expect(laterWorkload(every7S, 0)).toBe(every7S);
});
