// The prior's tail latency: a closed form for a batch queue, cheap and rough on purpose.
//
// b: start at min(B, 1 + λT); while b < B and λ·s(b)/(k·b) > .8: b ← min(B, 1.15·b + .2)       batches grow under load
// ρ = min(.995, λ·s(b)/(k·b));  full = λ·s(B)/(k·B);  full ≥ 1: s(b) + T + 20·SLO·min(1, full - .8)     overloaded
// p_w = ρ^(sqrt(2(k+1)) - 1);  W = s(b)/(k(1-ρ))·(1/max(1, .7·b) + cv²)/2;  tail = p_w > ε ? W·ln(p_w/ε) : 0
// fill = b < B - .5 ? T : min(T, 1.3·(B-1)/λ);  b_q = min(B, b + 1.3·sqrt(max(0, b-1)))
// latency = s(b_q) + max(fill, s(b)/k·(ρ > .5 ? 1 : ρ)) + tail
// functions: s(min(B, 1 + 1.15·λ·T)) + .97·min(T, (B-1)/(.75·λ)), .9 in place of .97 where the batch fills
// Source: H. Sakasegawa, "An approximation formula L_q ≃ α·ρ^β/(1-ρ)", Ann. Inst. Stat. Math. 1977, for the share of
// batches that wait; A. Allen, "Probability, Statistics and Queueing Theory", 1990 (Allen-Cunneen), for the mean wait.
// Differs: batches in place of customers, their size by a fixed point; an exponential tail of the wait; no monotonicity
// at the edge of overload, which the table built from it enforces.

/** One question to the closed form. */
export interface TailQuery {
  readonly rateRps: number;
  readonly instances: number;
  readonly maxBatch: number;
  readonly maxDelayMs: number;
  /** Mean service time in ms of a batch that may be fractional. */
  readonly serviceMs: (batch: number) => number;
  /** Service times are scaled by this. */
  readonly scale: number;
  /** In (0, 1). */
  readonly percentile: number;
  readonly sloMs: number;
}

/** Coefficient of variation of service times: a mild one, since the prior does not know it. */
const SERVICE_CV = 0.1;

/** Mean batch size the closed form settles on. */
export function tailBatch(query: TailQuery): number {
  const { instances, maxBatch, maxDelayMs, serviceMs, scale } = query;
  const rate = query.rateRps / 1000;
  let batch = Math.min(maxBatch, 1 + rate * maxDelayMs);
  if (!Number.isFinite(instances)) return batch;
  while (batch < maxBatch && (rate * scale * serviceMs(batch)) / (instances * batch) > 0.8) {
    batch = Math.min(maxBatch, 1.15 * batch + 0.2);
  }
  return batch;
}

function functionLatencyMs(query: TailQuery): number {
  const { maxBatch, maxDelayMs, serviceMs, scale } = query;
  const rate = query.rateRps / 1000;
  const batch = Math.min(maxBatch, 1 + 1.15 * rate * maxDelayMs);
  const fillMs = (maxBatch - 1) / (0.75 * rate);
  return scale * serviceMs(batch) + (fillMs < maxDelayMs ? 0.9 : 0.97) * Math.min(maxDelayMs, fillMs);
}

/** The tail latency in ms. */
export function tailLatencyMs(query: TailQuery): number {
  const { instances, maxBatch, maxDelayMs, serviceMs, scale, percentile, sloMs } = query;
  if (!Number.isFinite(instances)) return functionLatencyMs(query);
  const rate = query.rateRps / 1000;
  const batch = tailBatch(query);
  const service = scale * serviceMs(batch);
  const full = (rate * scale * serviceMs(maxBatch)) / (instances * maxBatch);
  if (full >= 1) return service + maxDelayMs + 20 * sloMs * Math.min(1, full - 0.8);
  const rho = Math.min(0.995, (rate * service) / (instances * batch));
  const waiting = rho ** (Math.sqrt(2 * (instances + 1)) - 1);
  const meanWait = (service / (instances * (1 - rho))) * ((1 / Math.max(1, 0.7 * batch) + SERVICE_CV ** 2) / 2);
  const tail = waiting > 1 - percentile ? meanWait * Math.log(waiting / (1 - percentile)) : 0;
  const fill = batch < maxBatch - 0.5 ? maxDelayMs : Math.min(maxDelayMs, (1.3 * (maxBatch - 1)) / rate);
  const tailSize = Math.min(maxBatch, batch + 1.3 * Math.sqrt(Math.max(0, batch - 1)));
  const residual = (service / instances) * (rho > 0.5 ? 1 : rho);
  return scale * serviceMs(tailSize) + Math.max(fill, residual) + tail;
}
