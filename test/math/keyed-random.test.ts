import { KeyedRandom, SeededRandom } from "../../src/math/index.ts";

/** 99.9 % two-sided normal quantile. */
const Z = 3.29;

const salted = (seed: number): KeyedRandom => new KeyedRandom(new SeededRandom(seed));

/** Mean, variance and lag-one correlation of uniforms within their 99.9 % bounds. */
function expectUniform(values: readonly number[]): void {
  const n = values.length;
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  let sum = 0;
  let squares = 0;
  let lagged = 0;
  let previous = 0.5;
  for (const value of values) {
    sum += value;
    squares += (value - 0.5) ** 2;
    lagged += (value - 0.5) * (previous - 0.5);
    previous = value;
  }
  expect(Math.abs(sum / n - 1 / 2)).toBeLessThan((Z * Math.sqrt(1 / 12)) / Math.sqrt(n));
  expect(Math.abs(squares / n - 1 / 12)).toBeLessThan((Z * Math.sqrt(1 / 180)) / Math.sqrt(n));
  expect(Math.abs(lagged / n)).toBeLessThan((Z * (1 / 12)) / Math.sqrt(n));
}

test.each([
  ["evenly spaced moments", (i: number) => i / 64],
  ["whole numbers", (i: number) => i],
  ["moments late in a fortnight", (i: number) => 1_209_600 + i * 1e-4],
  ["one moment, asked for again and again", () => 7],
])("first draws are uniform over keys: %s", (_, keyOf) => {
  const random = salted(3);
  expectUniform(Array.from({ length: 50_000 }, (__, i) => random.at(keyOf(i)).next()));
});

test("draws of one key are uniform, and the second says nothing of the first", () => {
  const random = salted(4).at(12.5);
  expectUniform(Array.from({ length: 50_000 }, () => random.next()));
  const pairs = salted(5);
  expectUniform(Array.from({ length: 25_000 }, (_, i) => pairs.at(i / 10)).flatMap((key) => [key.next(), key.next()]));
});

test("a key brings the same draws in whatever order keys are asked for", () => {
  const keys = [0.5, 3, -0, 1e9, 0.1 + 0.2];
  const forward = salted(6);
  const backward = salted(6);
  const there = keys.map((key) => [forward.at(key).next(), forward.next()]);
  const back = [...keys].reverse().map((key) => [backward.at(key).next(), backward.next()]);
  expect(back.reverse()).toEqual(there);
  expect(salted(7).at(3).next()).not.toBe(salted(6).at(3).next());
});

test("a split depends on the salt and the label alone", () => {
  const used = salted(8);
  used.at(1).next();
  expect(used.split("a").next()).toBe(salted(8).split("a").next());
  expect(used.split("b").next()).not.toBe(used.split("a").next());
});
