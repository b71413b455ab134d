// The trust lifecycle: bootstrapping → learning → serving ⇄ suspended, as a pure state machine.
//
// bootstrapping  the optimizer acts, the agent learns from what it sees
// learning       the agent acts inside the safe set, the optimizer otherwise
// serving        the policy acts
// suspended      the optimizer acts, from the last good configuration on
// Trust rises only by the promotion test or by healthy windows; any doubt takes it away at once.

import type { Mode, Random, Trust } from "../core/index.ts";
import {
  type Evidence,
  type PromotionOptions,
  type PromotionResult,
  promotionOptions,
  promotionTest,
} from "./promotion.ts";

/** Evidence older than this many windows says nothing about the policy of today. */
const LARGEST_EVIDENCE = 1_000;

/** How the lifecycle is paced. */
export interface TrustOptions {
  readonly promotion: PromotionOptions;
  /** Healthy windows the agent watches before it may propose. */
  readonly bootstrapWindows: number;
  /** Healthy windows in a row before a suspended policy is tested anew. */
  readonly recoveryWindows: number;
  /** The test runs every so many windows: it is the only costly step. */
  readonly testEvery: number;
}

/** The standing pace. */
export const trustOptions: TrustOptions = {
  promotion: promotionOptions,
  bootstrapWindows: 20,
  recoveryWindows: 20,
  testEvery: 10,
};

/** Everything the lifecycle remembers; plain data. */
export interface TrustState {
  readonly trust: Trust;
  readonly sinceS: number;
  /** Why it is where it is. */
  readonly reason: string;
  /** Healthy windows in a row. */
  readonly healthyWindows: number;
  /** Load levels the cluster has been in. */
  readonly levels: readonly number[];
  /** Oldest first. */
  readonly evidence: readonly Evidence[];
  readonly test: PromotionResult | null;
}

/** One window, as the lifecycle sees it. */
export interface TrustEvent {
  readonly timeS: number;
  /** Null when the window could not be observed. */
  readonly loadLevel: number | null;
  /** Null when the two could not be compared. */
  readonly evidence: Evidence | null;
  /** Drift, SLO burn, stale or missing metrics, adapter fault; null when healthy. */
  readonly fault: string | null;
}

/** Before the first window. */
export function firstTrust(timeS: number): TrustState {
  const reason = "nothing learnt yet";
  return {
    trust: "bootstrapping",
    sinceS: timeS,
    reason,
    healthyWindows: 0,
    levels: [],
    evidence: [],
    test: null,
  };
}

function moved(state: TrustState, trust: Trust, timeS: number, reason: string): TrustState {
  return { ...state, trust, sinceS: timeS, reason };
}

function doubted(state: TrustState, timeS: number, fault: string): TrustState {
  const unhealthy = { ...state, healthyWindows: 0 };
  switch (state.trust) {
    case "bootstrapping":
      return unhealthy;
    case "learning":
      return moved(unhealthy, "bootstrapping", timeS, fault);
    case "serving":
      // What was compared before the doubt does not count towards the next promotion.
      return moved({ ...unhealthy, evidence: [], test: null }, "suspended", timeS, fault);
    case "suspended":
      return { ...unhealthy, evidence: [], test: null };
  }
}

/** The state after a window. Pure: the same state, event and stream of chance give the same answer. */
export function nextTrust(
  state: TrustState,
  event: TrustEvent,
  random: Random,
  options: TrustOptions = trustOptions,
): TrustState {
  if (event.fault !== null) return doubted(state, event.timeS, event.fault);
  const { loadLevel, evidence: found, timeS } = event;
  const levels = loadLevel === null || state.levels.includes(loadLevel) ? state.levels : [...state.levels, loadLevel];
  const evidence = found === null ? state.evidence : [...state.evidence, found].slice(-LARGEST_EVIDENCE);
  const healthyWindows = state.healthyWindows + 1;
  const next: TrustState = { ...state, levels, evidence, healthyWindows };
  switch (state.trust) {
    case "bootstrapping":
      return healthyWindows < options.bootstrapWindows
        ? next
        : moved(next, "learning", timeS, `${healthyWindows} healthy windows watched`);
    case "learning":
    case "suspended":
      return tested(next, timeS, random, options);
    case "serving":
      return healthyWindows % options.testEvery === 0 ? retested(next, timeS, random, options) : next;
  }
}

function tested(state: TrustState, timeS: number, random: Random, options: TrustOptions): TrustState {
  if (state.healthyWindows % options.testEvery !== 0) return state;
  const test = promotionTest(state.evidence, state.levels.length, random, options.promotion);
  const next = { ...state, test };
  const recovered = state.trust === "learning" || state.healthyWindows >= options.recoveryWindows;
  return test.passed && recovered ? moved(next, "serving", timeS, test.reason) : next;
}

/** A serving policy that is no longer better with the evidence of the latest windows goes back to learning. */
function retested(state: TrustState, timeS: number, random: Random, options: TrustOptions): TrustState {
  const recent = state.evidence.slice(-options.promotion.windows);
  const test = promotionTest(recent, state.levels.length, random, options.promotion);
  const worse = test.meanAdvantage !== null && test.windows >= options.promotion.windows && test.meanAdvantage < 0;
  const next = { ...state, test };
  return worse ? moved(next, "suspended", timeS, "the optimizer has been better lately") : next;
}

/** Who may act at a trust, under the operator's mode as the ceiling. */
export function mayAct(mode: Mode, trust: Trust): "nobody" | "optimizer" | "agent-if-safe" | "policy" {
  if (mode === "off" || mode === "shadow" || mode === "advisory") return "nobody";
  if (trust === "learning") return "agent-if-safe";
  return trust === "serving" ? "policy" : "optimizer";
}
