// Trust: when a learned policy may act, and what takes that away.

export { choiceKey, type Judge, mayTry, predictedReward } from "./compare.ts";
export { type Drift, drifted, driftSchema, nextDrift, noDrift } from "./drift.ts";
export {
  type Evidence,
  lowerBoundOfMean,
  type PromotionOptions,
  type PromotionResult,
  promotionOptions,
  promotionTest,
} from "./promotion.ts";
export { sloBurn } from "./slo-burn.ts";
export {
  firstTrust,
  mayAct,
  nextTrust,
  type TrustEvent,
  type TrustOptions,
  type TrustState,
  trustOptions,
} from "./trust.ts";
export { trustFromJson, trustJson } from "./trust-json.ts";
export { ResidualBook } from "./value-estimate.ts";
