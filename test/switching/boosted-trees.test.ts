import { SeededRandom } from "../../src/math/index.ts";
import { BoostedTrees, fitBoostedTrees, TREES } from "../../src/switching/index.ts";

/** A step in the first feature, a slope in the second, nothing in the third, and noise of variance 1/12. */
function rows(count: number, seed: number): { columns: Float64Array[]; targets: Float64Array; truth: Float64Array } {
  const random = new SeededRandom(seed);
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: count }, () => random.next()));
  const value = (i: number): number => ((columns[0]?.[i] ?? 0) > 0.3 ? 4 : 0) + 2 * (columns[1]?.[i] ?? 0);
  const truth = Float64Array.from({ length: count }, (_, i) => value(i));
  return { columns, truth, targets: truth.map((mean) => mean + random.next() - 0.5) };
}

function predictions(trees: BoostedTrees, columns: readonly Float64Array[]): Float64Array {
  const rowsOf = Float64Array.from(
    { length: (columns[0]?.length ?? 0) * 3 },
    (_, i) => columns[i % 3]?.[Math.floor(i / 3)] ?? 0,
  );
  return Float64Array.from({ length: columns[0]?.length ?? 0 }, (_, i) => trees.predict(rowsOf, 3 * i));
}

test("they fit a step and a slope through noise: what is left is a few per cent of the truth's variance", () => {
  const { columns, targets } = rows(20_000, 1);
  const trees = fitBoostedTrees(columns, targets, new SeededRandom(2));
  const fresh = rows(2000, 3);
  const answers = predictions(trees, fresh.columns);
  const squares = fresh.truth.map((mean, i) => (mean - (answers[i] ?? 0)) ** 2);
  const mse = squares.reduce((sum, square) => sum + square, 0) / squares.length;
  // Variance of the truth: 16 · .3 · .7 + 4/12 = 3.69.
  expect(mse).toBeLessThan(0.03 * 3.69);
});

test("without a feature that tells rows apart they answer the mean", () => {
  const targets = Float64Array.from([1, 2, 3, 6]);
  const trees = fitBoostedTrees([new Float64Array(4).fill(5)], targets, new SeededRandom(1));
  expect(trees.predict(Float64Array.of(5))).toBe(3);
});

test("one tree of depth 1 is the shrunk mean of each half", () => {
  const column = Float64Array.from({ length: 100 }, (_, i) => (i < 50 ? 0 : 1));
  const targets = column.map((value) => 10 * value);
  const settings = { ...TREES, trees: 1, depth: 1, rowShare: 1 };
  const trees = fitBoostedTrees([column], targets, new SeededRandom(1), settings);
  // mean 5, residuals ∓5 in halves of 50 rows, leaf = .15 · 250 / (50 + 75) = .3
  expect(trees.predict(Float64Array.of(0))).toBeCloseTo(5 - 0.3, 12);
  expect(trees.predict(Float64Array.of(1))).toBeCloseTo(5 + 0.3, 12);
});

test("the same seed grows the same bytes, another seed other ones, and they survive JSON", () => {
  const { columns, targets } = rows(3000, 4);
  const grow = (seed: number): string => JSON.stringify(fitBoostedTrees(columns, targets, new SeededRandom(seed)));
  expect(grow(5)).toBe(grow(5));
  expect(grow(5)).not.toBe(grow(6));
  const trees = fitBoostedTrees(columns, targets, new SeededRandom(5));
  const read = new BoostedTrees(JSON.parse(JSON.stringify(trees)));
  expect(predictions(read, columns)).toEqual(predictions(trees, columns));
});

test("lists that do not fit the depth are refused", () => {
  expect(() => new BoostedTrees({ depth: 2, base: 0, features: [0, 0], thresholds: [1, 1], leaves: [1, 2] })).toThrow(
    /expected 2 thresholds and 4 leaves/,
  );
});

test("answers along a feature are those row by row", () => {
  const random = new SeededRandom(7);
  const columns = Array.from({ length: 3 }, () => Float64Array.from({ length: 2000 }, () => random.next()));
  const [a = [], b = [], c = []] = columns;
  const targets = Float64Array.from({ length: 2000 }, (_, i) => Math.sin(6 * (c[i] ?? 0)) * (a[i] ?? 0) + (b[i] ?? 0));
  const trees = fitBoostedTrees(columns, targets, random, { ...TREES, trees: 20 });
  const values = Float64Array.from({ length: 28 }, (_, i) => (i / 27) ** 1.25);
  const along = new Float64Array(values.length);
  for (let k = 0; k < 50; k++) {
    const row = Float64Array.from([random.next(), random.next(), 9]);
    trees.predictAlong(row, 0, 2, values, along);
    values.forEach((value, i) => {
      row[2] = value;
      expect(along[i]).toBeCloseTo(trees.predict(row), 12);
    });
  }
});
