import { SeededRandom } from "../../src/math/index.ts";
import { FeatureStream, MOMENT_FEATURES, SLOT_S } from "../../src/switching/index.ts";

function featuresOf(stream: FeatureStream): Float64Array {
  const row = new Float64Array(MOMENT_FEATURES);
  stream.write(row, 0);
  return row;
}

function fed(rates: readonly number[]): FeatureStream {
  const stream = new FeatureStream();
  for (const rate of rates) stream.push(rate);
  return stream;
}

const quiet = new Array<number>(360).fill(100);

test("a steady load has no ratios, no burst and no variation", () => {
  const stream = fed(quiet);
  const [...row] = featuresOf(stream);
  expect(row.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
  expect(row[5]).toBeCloseTo(Math.log(10 + 7200), 10);
  expect(row[6]).toBeCloseTo(Math.log(0.01), 10);
  expect(stream.referenceRps).toBeCloseTo(100, 10);
});

test("ratios are of means of the last seconds", () => {
  const row = featuresOf(fed([...quiet, 160]));
  // r10 = 160, r60 = 110
  expect(row[0]).toBeCloseTo(Math.log(160.05 / 110.05), 10);
});

test("a burst is on above 1.4 times the quiet rate, and its end is remembered", () => {
  const during = fed([...quiet, ...new Array<number>(12).fill(200)]);
  // r20 exceeds 140 with the first slot at 200: mean of 100 and 200 is 150
  expect(featuresOf(during)[4]).toBeCloseTo(Math.log(10 + 11 * SLOT_S), 10);
  const after = fed([...quiet, ...new Array<number>(12).fill(200), ...new Array<number>(30).fill(100)]);
  // the mean of the last two slots is back under 125 with the second quiet slot
  expect(featuresOf(after)[4]).toBe(0);
  expect(featuresOf(after)[5]).toBeCloseTo(Math.log(10 + 28 * SLOT_S), 10);
});

test("a blip under a minute is no burst to remember", () => {
  const row = featuresOf(fed([...quiet, 300, 300, ...new Array<number>(30).fill(100)]));
  expect(row[5]).toBeGreaterThan(Math.log(10 + 3600));
});

test("features do not depend on the scale of the load", () => {
  const random = new SeededRandom(1);
  const rates = Array.from({ length: 500 }, () => 1000 * (1 + random.next()));
  const small = featuresOf(fed(rates));
  const large = featuresOf(fed(rates.map((rate) => 10 * rate)));
  for (const [i, value] of small.entries()) expect(large[i]).toBeCloseTo(value, 3);
});

test("a stream saved and restored goes on as if never stopped", () => {
  const random = new SeededRandom(2);
  const rates = Array.from({ length: 1000 }, () => 50 * (1 + 3 * random.next()));
  const straight = fed(rates.slice(0, 600));
  const restored = new FeatureStream();
  restored.restore(JSON.parse(JSON.stringify(straight.save())));
  for (const rate of rates.slice(600)) {
    straight.push(rate);
    restored.push(rate);
    expect(featuresOf(restored)).toEqual(featuresOf(straight));
  }
});
