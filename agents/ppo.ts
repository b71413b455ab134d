// Proximal policy optimization: draws configurations knob by knob, and makes those likelier that did better than expected.
//
// π(a | s) = Π_k softmax(scores_k(s) over what is open)(a_k);  draw a ~ π, remember log π(a | s)
// every `rollout` windows:  A by generalized advantage estimation;  maximise min(ρ·A, clip(ρ, 1 ± ε)·A), ρ = π/π_old
// shown by somebody else:   maximise log π(a | s) instead, until own windows were learnt from
// Source: J. Schulman et al., "Proximal policy optimization algorithms", 2017; masks as in S. Huang, S. Ontañón, "A closer
// look at invalid action masking in policy gradient algorithms", FLAIRS 2022.
// Differs: a knob's scores are a smooth function of the position (ordinal-basis.ts), so that what is learnt of a value is
// learnt of its neighbours; values are learnt in a unit that follows them (learnt-networks.ts); what optimizer and
// operator decide is cloned; a plan ends early when the policy has moved far.

import { z } from "zod";
import { learnerEntry } from "./learner-entry.ts";
import { loadNetworkPolicy, portableNetwork } from "./network-policy.ts";
import { PolicyLearner, policyLearnerSchema, policySettings } from "./policy-learner.ts";

const settingsSchema = z.strictObject(policySettings);

/** Proximal policy optimization. */
export const ppo = learnerEntry({
  name: "ppo",
  summary: "proximal policy optimization, a masked categorical choice per knob",
  settings: settingsSchema,
  state: policyLearnerSchema,
  make: (context, settings) => new PolicyLearner("ppo", context, settings, null),
  load: (context, spec) => loadNetworkPolicy("ppo", context, spec),
  portable: (context, spec) => portableNetwork("ppo", context, spec),
});
