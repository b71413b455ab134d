import { brokeShare, windowsToStay } from "../../bench/live/live-report.ts";
import type { LiveSearch } from "../../bench/live/searching.ts";

/** A search that kept, after each pass, a configuration of that size; passes have these shares of a window. */
function searched(kept: readonly number[], shares: readonly number[]): LiveSearch {
  return {
    method: "any",
    told: "nothing",
    kept: kept.map((maxBatchSize) => ({ maxBatchSize })),
    passes: shares.map((share, i) => ({
      configuration: { maxBatchSize: kept[i] ?? 1 },
      objectiveMs: 1,
      brokeSlo: i === 0,
      share,
      aborted: share < 1,
      reason: "",
    })),
    seconds: 1,
  };
}

const near = ({ maxBatchSize }: Readonly<Record<string, unknown>>): boolean => maxBatchSize === 8;

test("a search has arrived when all it keeps from then on is near the best, canaries counted by their share", () => {
  expect(windowsToStay(searched([1, 8, 8], [1, 0.25, 1]), near)).toBe(1.25);
  expect(windowsToStay(searched([8, 8], [1, 1]), near)).toBe(1);
});

test("what is left again has not arrived, and what ends elsewhere never does", () => {
  expect(windowsToStay(searched([8, 1, 8], [1, 1, 1]), near)).toBe(3);
  expect(windowsToStay(searched([8, 8, 1], [1, 1, 1]), near)).toBeNull();
});

test("windows over the SLO count by their share", () => {
  expect(brokeShare(searched([1, 8], [0.5, 1.5]))).toBe(0.25);
});
