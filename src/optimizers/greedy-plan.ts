// MArk's greedy provisioning: which servers to keep and launch for a forecast, one server at a time.
//
// resid[t] = forecast[t] - Σ C_i plan_i;   t* = argmax of resid over the next `ahead` steps;  stop when resid[t*] <= 0
// span = consecutive steps from t* with resid > 0
// cost_i = (p_i * span + o_i) / Σ_{t in span} min(C_i, resid[t]);   the least cost_i gets one server more
// Running servers are options of their own with o = 0 and a limit, so that keeping is preferred to launching.
// Source: C. Zhang, M. Yu, W. Wang, F. Yan, "MArk", USENIX ATC 2019, and its released controller (systems.md 3).
// Differs: the sums over a span come from sorted residuals, so that a step costs O(log span) per option.

/** One kind of server to plan with. */
export interface PlanOption {
  readonly capacityRps: number;
  readonly usdPerHour: number;
  /** Paid once per launch, such as the boot's own rent. */
  readonly launchUsd: number;
  readonly running: number;
  /** Most that may run. */
  readonly limit: number;
}

/** Servers per option, in the order given, and the largest residual that no server could be found for. */
export interface FleetPlan {
  readonly counts: readonly number[];
  readonly uncoveredRps: number;
}

/** @param forecastRps mean rate of each step; shape [steps] @param ahead steps looked at for the next need */
export function greedyPlan(
  options: readonly PlanOption[],
  forecastRps: ArrayLike<number>,
  stepS: number,
  ahead: number,
): FleetPlan {
  const resid = Float64Array.from(forecastRps);
  const counts = new Array<number>(options.length).fill(0);
  const stepH = stepS / 3600;
  for (;;) {
    let at = 0;
    for (let t = 1; t < Math.min(ahead, resid.length); t++) if ((resid[t] ?? 0) > (resid[at] ?? 0)) at = t;
    const worst = resid[at] ?? 0;
    if (!(worst > 1e-9)) return { counts, uncoveredRps: 0 };
    let end = at;
    while (end < resid.length && (resid[end] ?? 0) > 0) end++;
    const span = end - at;
    const sorted = resid.slice(at, end).sort();
    const sums = new Float64Array(span + 1);
    for (let i = 0; i < span; i++) sums[i + 1] = (sums[i] ?? 0) + (sorted[i] ?? 0);

    let best = -1;
    let bestCost = Number.POSITIVE_INFINITY;
    options.forEach((option, i) => {
      const count = counts[i] ?? 0;
      if (count >= option.limit) return;
      let low = 0;
      let high = span;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((sorted[middle] ?? 0) < option.capacityRps) low = middle + 1;
        else high = middle;
      }
      const served = (sums[low] ?? 0) + (span - low) * option.capacityRps;
      const launch = count < option.running ? 0 : option.launchUsd;
      const cost = (option.usdPerHour * span * stepH + launch) / served;
      if (cost < bestCost) {
        best = i;
        bestCost = cost;
      }
    });
    const chosen = options[best];
    if (chosen === undefined) return { counts, uncoveredRps: worst };
    counts[best] = (counts[best] ?? 0) + 1;
    for (let t = 0; t < resid.length; t++) resid[t] = (resid[t] ?? 0) - chosen.capacityRps;
  }
}
