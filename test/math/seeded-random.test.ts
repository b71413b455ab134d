import { SeededRandom } from "../../src/math/index.ts";
import { expectUniform } from "./uniform.ts";

test("draws are uniform: mean, variance and lag-one correlation within their 99.9 % bounds", () => {
  const random = new SeededRandom(1);
  expectUniform(Array.from({ length: 200_000 }, () => random.next()));
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
