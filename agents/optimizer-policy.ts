// Every optimizer as a policy: the same problem each time, solved afresh; it learns nothing and so is frozen as it is.

import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
  CheckpointError,
  type ClusterState,
  type Configuration,
  type Json,
  type Policy,
  type PolicySpec,
  type Proposal,
} from "../src/core/index.ts";
import {
  type ConfiguredOptimizer,
  type OptimizerEntry,
  type Settings,
  settingsFromText,
  tuningProblem,
} from "../src/optimizers/index.ts";
import { checkPolicySeal, fromJson, sealPolicySpec, toJson } from "../src/spaces/index.ts";

const SNAPSHOT_VERSION = 1;

class OptimizerPolicy implements Policy {
  readonly #context: AgentContext;
  readonly #optimizer: ConfiguredOptimizer;

  constructor(context: AgentContext, optimizer: ConfiguredOptimizer) {
    this.#context = context;
    this.#optimizer = optimizer;
  }

  propose(observation: ClusterState): Proposal {
    const { configuration, explanation } = this.#optimizer.solve(tuningProblem(this.#context, observation));
    return { configuration, reason: explanation };
  }

  act(observation: ClusterState): Configuration {
    return this.propose(observation).configuration;
  }

  toJSON(): PolicySpec {
    const { environment, seed, space, initial, limits } = this.#context;
    return sealPolicySpec({
      format: "trimtab-policy",
      version: 1,
      kind: this.#optimizer.name,
      features: [{ name: "arrivalRateRps", unit: "1/s", offset: 0, scale: 1 }],
      knobs: space.knobs,
      parameters: toJson(this.#optimizer.settings),
      bounds: { initial, budgetUsdPerHour: limits.usdPerHour ?? null },
      environment,
      seed,
      training: { steps: 0, episodes: 0, meanReward: null },
    });
  }
}

class OptimizerAgent implements Agent {
  readonly #policy: OptimizerPolicy;
  readonly #optimizer: ConfiguredOptimizer;

  constructor(context: AgentContext, optimizer: ConfiguredOptimizer) {
    this.#policy = new OptimizerPolicy(context, optimizer);
    this.#optimizer = optimizer;
  }

  act(observation: ClusterState): Proposal {
    return this.#policy.propose(observation);
  }

  update(): void {}

  policy(): Policy {
    return this.#policy;
  }

  save(): AgentSnapshot {
    return { agent: this.#optimizer.name, version: SNAPSHOT_VERSION, state: toJson(this.#optimizer.settings) };
  }
}

function settingsOf(name: string, json: Json): Settings {
  const value = fromJson(json);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CheckpointError(`${name} settings: expected an object, found ${JSON.stringify(json)}`);
  }
  const plain = (field: unknown): field is Settings[string] => ["number", "string", "boolean"].includes(typeof field);
  const settings: Record<string, Settings[string]> = {};
  for (const [key, field] of Object.entries(value)) {
    if (!plain(field)) throw new CheckpointError(`${name} settings.${key}: expected a number, text or flag`);
    settings[key] = field;
  }
  return settings;
}

/** A registry entry that also takes settings as text. */
export interface OptimizerPolicyFactory extends AgentFactory {
  /** @throws {ConfigError} for an unknown key or an impossible value */
  configured(settings: Readonly<Record<string, string>>): OptimizerPolicyFactory;
}

/** The optimizer as an entry of the policy registry. @throws {ConfigError} when it does not take the settings */
export function optimizerPolicy(entry: OptimizerEntry, settings: Settings = {}): OptimizerPolicyFactory {
  const optimizer = entry.create(settings);

  const restored = (kind: string, found: string, json: Json): ConfiguredOptimizer => {
    if (found !== entry.name) throw new CheckpointError(`${kind}: expected ${entry.name}, found ${found}`);
    try {
      return entry.create(settingsOf(entry.name, json));
    } catch (error) {
      if (error instanceof CheckpointError) throw error;
      throw new CheckpointError(`${kind}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  };

  return {
    name: entry.name,
    summary: entry.summary,
    configured: (text) => optimizerPolicy(entry, settingsFromText(entry, text)),
    create: (context) => new OptimizerAgent(context, optimizer),
    restore(context, snapshot) {
      if (snapshot.version !== SNAPSHOT_VERSION) {
        throw new CheckpointError(`snapshot version: expected ${SNAPSHOT_VERSION}, found ${snapshot.version}`);
      }
      return new OptimizerAgent(context, restored("snapshot agent", snapshot.agent, snapshot.state));
    },
    load(context, spec) {
      const loaded = restored("policy kind", spec.kind, spec.parameters);
      checkPolicySeal(spec);
      return new OptimizerPolicy(context, loaded);
    },
  };
}
