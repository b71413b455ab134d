import { advantages, type ValuedStep } from "../../agents/advantage.ts";

const step = (reward: number, value: number, nextValue: number, goesOn: boolean): ValuedStep => ({
  reward,
  value,
  nextValue,
  goesOn,
});

test("three steps by hand, γ = 0.5, λ = 0.5", () => {
  // δ = 1 + 0.5·4 - 2 = 1;  2 + 0.5·6 - 4 = 1;  3 + 0.5·8 - 6 = 1.  A = 1 + 0.25·(1 + 0.25·1), 1 + 0.25, 1.
  const steps = [step(1, 2, 4, true), step(2, 4, 6, true), step(3, 6, 8, false)];
  expect([...advantages(steps, 0.5, 0.5)]).toEqual([1.3125, 1.25, 1]);
});

test("where a trajectory is cut off the value of its last state stands for the rest, and nothing after it leaks in", () => {
  const cut = [step(1, 0, 10, false), step(100, 0, 0, false)];
  expect([...advantages(cut, 0.9, 0.95)]).toEqual([10, 100]);
});

test("with λ = 1 and the value bootstrapped, advantage plus value is the discounted return", () => {
  const rewards = [1, -2, 3, 5];
  const steps = rewards.map((reward, t) => step(reward, t, t + 1, t < 3));
  const found = advantages(steps, 0.9, 1);
  const returned = 1 - 0.9 * 2 + 0.81 * 3 + 0.729 * 5 + 0.6561 * 4;
  expect(found[0]).toBeCloseTo(returned, 12);
});

test("with no weight on the future it is the reward less what the state promised", () => {
  expect([...advantages([step(3, 1, 50, true), step(4, 1, 60, true)], 0, 0.95)]).toEqual([2, 3]);
});
