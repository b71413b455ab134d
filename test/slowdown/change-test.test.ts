import { ChangeTest, describeShift } from "../../src/slowdown/index.ts";

const told = (service: number) => ({ service, slowdown: 0, deviation: 0.05 });
const untold = (slowdown: number) => ({ service: null, slowdown, deviation: 0.05 });

test("service times half as slow again are a change at once, and a tenth only when they stay", () => {
  expect(new ChangeTest().test(told(Math.log(1.5)))).toBeCloseTo(Math.log(1.5), 12);
  const slowly = new ChangeTest();
  expect(slowly.test(told(0.12))).toBeNull();
  expect(slowly.test(told(0.14))).toBeCloseTo(0.13, 12);
});

test("latency alone must stray by five times what windows do, twice, to the same side", () => {
  const test = new ChangeTest();
  for (const slowdown of [0.24, -0.24, 0.24]) expect(test.test(untold(slowdown))).toBeNull();
  expect(test.test(untold(0.3))).toBeNull();
  expect(test.test(untold(-0.3))).toBeNull();
  expect(test.test(untold(-0.4))).toBeCloseTo(-0.35, 12);
});

test("an agreeing repeat, or another load, lets a suspicion go", () => {
  const test = new ChangeTest();
  test.test(told(0.2));
  test.test(told(0.01));
  expect(test.test(told(0.2))).toBeNull();
  test.reset();
  expect(test.test(told(0.2))).toBeNull();
  const restored = new ChangeTest();
  restored.restore(test.save());
  expect(restored.test(told(0.2))).toBeCloseTo(0.2, 12);
});

test("a shift is told as a share of the time", () => {
  expect(describeShift(Math.log(1.5))).toBe("the cluster became slower by 50 %");
  expect(describeShift(Math.log(0.8))).toBe("the cluster became faster by 20 %");
});
