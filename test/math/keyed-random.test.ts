import { KeyedRandom, SeededRandom } from "../../src/math/index.ts";
import { expectUniform } from "./uniform.ts";

const salted = (seed: number): KeyedRandom => new KeyedRandom(new SeededRandom(seed));

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
