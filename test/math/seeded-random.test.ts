import { SeededRandom } from "../../src/math/index.ts";

/** 99.9 % two-sided normal quantile. */
const Z = 3.29;

test("draws are uniform: mean, variance and lag-one correlation within their 99.9 % bounds", () => {
  const n = 200_000;
  const random = new SeededRandom(1);
  let outside = 0;
  let sum = 0;
  let squares = 0;
  let lagged = 0;
  let previous = 0.5;
  for (let i = 0; i < n; i++) {
    const value = random.next();
    if (!(value >= 0 && value < 1)) outside++;
    sum += value;
    squares += (value - 0.5) ** 2;
    lagged += (value - 0.5) * (previous - 0.5);
    previous = value;
  }
  expect(outside).toBe(0);
  expect(Math.abs(sum / n - 1 / 2)).toBeLessThan((Z * Math.sqrt(1 / 12)) / Math.sqrt(n));
  expect(Math.abs(squares / n - 1 / 12)).toBeLessThan((Z * Math.sqrt(1 / 180)) / Math.sqrt(n));
  expect(Math.abs(lagged / n)).toBeLessThan((Z * (1 / 12)) / Math.sqrt(n));
});

test("a split depends on seed and label alone, not on what was drawn before", () => {
  const fresh = new SeededRandom(5).split("arrivals");
  const used = new SeededRandom(5);
  used.next();
  expect(used.split("arrivals").next()).toBe(fresh.next());
});

test("splits by different labels, and seeds that differ only above 32 bits, give different streams", () => {
  const parent = new SeededRandom(5);
  const firsts = new Set(["a", "b", "ab", "ba", ""].map((label) => parent.split(label).next()));
  expect(firsts.size).toBe(5);
  expect(new SeededRandom(5 + 2 ** 32).next()).not.toBe(new SeededRandom(5).next());
});

test("a saved position is taken up again exactly", () => {
  const random = new SeededRandom(9);
  random.next();
  const position = random.save();
  const expected = [random.next(), random.next()];
  random.restore(position);
  expect([random.next(), random.next()]).toEqual(expected);
});
