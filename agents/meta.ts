// Meta: proximal policy optimization that first takes in how the workload has been going, for use on many applications.
//
// e = GRU(the latest windows: load, latency, misses, use, queue, cost, what ran)      π(a | s, e) as in ppo.ts
// trained across applications (src/training/across.ts), it starts warm on one it never saw, and goes on learning there
// Source: the meta-learner of H. Qiu et al., "AWARE: automate workload autoscaling with reinforcement learning in production
// cloud systems", USENIX ATC 2023, section 4 (systems.md 6).
// Differs: the embedding is of the application's latest windows, not of its best past episodes, so it is there from the
// first minutes on and follows a workload that changes; one recurrent layer in place of two in both directions; it goes on
// learning with the rest of the network; what surrounds it is PPO, as in the code they released.

import { z } from "zod";
import { learnerEntry } from "./learner-entry.ts";
import { loadNetworkPolicy, portableNetwork } from "./network-policy.ts";
import { PolicyLearner, policyLearnerSchema, policySettings } from "./policy-learner.ts";

const NAME = "meta";

const settingsSchema = z.strictObject({
  ...policySettings,
  /** Windows the embedding is made of, and its numbers. */
  steps: z.number().int().min(1).max(256).default(8),
  units: z.number().int().min(1).max(256).default(16),
});

/** Proximal policy optimization with an embedding of the workload. */
export const meta = learnerEntry({
  name: NAME,
  summary: "ppo with a recurrent embedding of the workload, to be trained across applications",
  settings: settingsSchema,
  state: policyLearnerSchema,
  make: (context, settings) =>
    new PolicyLearner(NAME, context, settings, { steps: settings.steps, units: settings.units }),
  load: (context, spec) => loadNetworkPolicy(NAME, context, spec),
  portable: (context, spec) => portableNetwork(NAME, context, spec),
});
