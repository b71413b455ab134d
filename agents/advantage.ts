// Generalized advantage estimation: how much better choices were than their states promised.
//
// δ_t = r_t + γ·V(s_{t+1}) - V(s_t);  A_t = δ_t + γλ·A_{t+1} while the trajectory goes on, else δ_t
// A tuning task never ends: where a trajectory is cut off, the value of the state it was cut off in stands for the rest.
// Source: J. Schulman et al., "High-dimensional continuous control using generalized advantage estimation", ICLR 2016,
// equation 16; F. Pardo et al., "Time limits in reinforcement learning", ICML 2018 (bootstrapping where truncated).

/** One step of a trajectory. */
export interface ValuedStep {
  readonly reward: number;
  /** V of the state the choice was made in. */
  readonly value: number;
  /** V of the state it led to. */
  readonly nextValue: number;
  /** Whether the next step of the list goes on from there. */
  readonly goesOn: boolean;
}

/** The advantage of each step. @param steps oldest first */
export function advantages(steps: readonly ValuedStep[], discount: number, lambda: number): Float64Array {
  const found = new Float64Array(steps.length);
  let later = 0;
  for (let t = steps.length - 1; t >= 0; t--) {
    const step = steps[t];
    if (step === undefined) continue;
    const delta = step.reward + discount * step.nextValue - step.value;
    later = delta + (step.goesOn ? discount * lambda * later : 0);
    found[t] = later;
  }
  return found;
}
