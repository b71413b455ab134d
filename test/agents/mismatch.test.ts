import { describeMismatch, type Shown } from "../../agents/mismatch.ts";

const asProfiled: Shown = {
  deviation: { alone: 0.05, together: 0.1 },
  scatter: { cv: 0.05, stragglerShare: 0.003, stragglerFactor: 2.5 },
  dispersion: 1.2,
  residual: 0.05,
};

test("a cluster that is as profiled gives nothing to tell", () => {
  expect(describeMismatch(asProfiled)).toEqual([]);
  expect(describeMismatch({ ...asProfiled, scatter: null, residual: null })).toEqual([]);
});

test("each thing a profile does not tell is named", () => {
  const tell = (changes: Partial<Shown>): string[] => describeMismatch({ ...asProfiled, ...changes });
  expect(tell({ deviation: { alone: 0, together: Math.log(1.4) } })).toEqual([
    "service takes 1.4 times the profile's time where several model instances run",
  ]);
  expect(tell({ deviation: { alone: Math.log(1.5), together: Math.log(1.5) } })).toEqual([
    "service takes 1.5 times the profile's time",
  ]);
  expect(tell({ scatter: { cv: 0.2, stragglerShare: 0.02, stragglerFactor: 2.5 } })).toEqual([
    "service times scatter by 20 %",
    "2 % of batches take 2.5 times as long",
  ]);
  expect(tell({ dispersion: 60 })).toEqual(["arrivals come in bursts"]);
  expect(tell({ residual: 0.3 })).toEqual(["it is slower than replays of its arrivals explain"]);
  expect(tell({ residual: -0.3 })).toEqual(["it is faster than replays of its arrivals explain"]);
});
