// The frozen result of a learner: one configuration per load level, as plain JSON.
//
// act(o) = the configuration of level(o); of the nearest higher known level where that one is unknown, because more
// capacity than needed is safe, else of the highest known; of `initial` when nothing was learnt.

import { z } from "zod";
import {
  type AgentContext,
  CheckpointError,
  type ClusterState,
  type Configuration,
  type Json,
  type LevelsForm,
  type Policy,
  type PolicySpec,
  type TrainingSummary,
} from "../src/core/index.ts";
import { checkPolicySeal, sealPolicySpec } from "../src/spaces/index.ts";
import { LOAD_LEVEL_HYSTERESIS, LOAD_LEVEL_RATIO, levelRatesRps, loadLevel, loadLevelConstants } from "./load-level.ts";

/** What was learnt for one load level. */
export interface LevelChoice {
  readonly level: number;
  readonly configuration: Configuration;
}

const parametersSchema = z.object({
  loadLevel: z.object({ ratio: z.literal(LOAD_LEVEL_RATIO), hysteresis: z.literal(LOAD_LEVEL_HYSTERESIS) }),
  levels: z.array(
    z.object({
      level: z.number().int(),
      fromRps: z.number(),
      toRps: z.number(),
      positions: z.array(z.number().int().nonnegative()),
    }),
  ),
});

class LevelPolicy implements Policy {
  readonly #levels: readonly LevelChoice[];
  readonly #initial: Configuration;
  readonly #spec: PolicySpec;

  constructor(levels: readonly LevelChoice[], initial: Configuration, spec: PolicySpec) {
    this.#levels = levels;
    this.#initial = initial;
    this.#spec = spec;
  }

  act(observation: ClusterState): Configuration {
    return choiceFor(this.#levels, loadLevel(observation)) ?? this.#initial;
  }

  toJSON(): PolicySpec {
    return this.#spec;
  }
}

/** The choice for a level, or the one that stands in for it; undefined when there is none. @param levels ascending */
export function choiceFor(levels: readonly LevelChoice[], level: number): Configuration | undefined {
  return (levels.find((choice) => choice.level >= level) ?? levels.at(-1))?.configuration;
}

/** A policy that holds the given configurations, one per level. */
export function levelPolicy(
  kind: string,
  context: AgentContext,
  choices: readonly LevelChoice[],
  training: TrainingSummary,
): Policy {
  const { space, initial } = context;
  const levels = [...choices].sort((a, b) => a.level - b.level);
  const parameters: Json = {
    loadLevel: { ratio: LOAD_LEVEL_RATIO, hysteresis: LOAD_LEVEL_HYSTERESIS },
    levels: levels.map(({ level, configuration }) => {
      const [fromRps, toRps] = levelRatesRps(level);
      return { level, fromRps, toRps, positions: [...space.coordinates(configuration)] };
    }),
  };
  const spec = sealPolicySpec({
    format: "trimtab-policy",
    version: 1,
    kind,
    features: [{ name: "arrivalRateRps", unit: "1/s", offset: 0, scale: 1 }],
    knobs: space.knobs,
    parameters,
    bounds: { initial, budgetUsdPerHour: context.limits.usdPerHour ?? null },
    environment: context.environment,
    seed: context.seed,
    training: { ...training },
  });
  return new LevelPolicy(levels, initial, spec);
}

/** The rows a spec holds. @throws {CheckpointError} when it is of another kind, lattice or form, or damaged */
function readRows(kind: string, context: AgentContext, spec: PolicySpec): LevelsForm["rows"] {
  if (spec.kind !== kind) throw new CheckpointError(`policy kind: expected ${kind}, found ${spec.kind}`);
  checkPolicySeal(spec);
  const found = JSON.stringify(spec.knobs.map((knob) => [knob.name, knob.values.map(String)]));
  const expected = JSON.stringify(context.space.knobs.map((knob) => [knob.name, knob.values.map(String)]));
  if (found !== expected) throw new CheckpointError(`policy knobs: expected ${expected}, found ${found}`);
  const parameters = parametersSchema.safeParse(spec.parameters);
  if (!parameters.success) {
    const issue = parameters.error.issues[0];
    throw new CheckpointError(`policy parameters.${issue?.path.join(".")}: ${issue?.message}`);
  }
  return parameters.data.levels.map(({ level, positions }) => {
    const fits =
      positions.length === context.space.knobs.length &&
      positions.every((position, k) => position < (context.space.knobs[k]?.values.length ?? 0));
    if (!fits) {
      throw new CheckpointError(`policy level ${level}: expected positions on the lattice, found [${positions}]`);
    }
    return { level, positions };
  });
}

/** The policy a spec describes. @throws {CheckpointError} when it is of another kind, lattice or form, or damaged */
export function loadLevelPolicy(kind: string, context: AgentContext, spec: PolicySpec): Policy {
  const rows = readRows(kind, context, spec);
  const levels = rows.map(({ level, positions }) => ({ level, configuration: context.space.at(positions) }));
  return new LevelPolicy(levels, spec.bounds.initial, spec);
}

/** The same policy without its agent. @throws as `loadLevelPolicy` */
export function portableLevels(kind: string, context: AgentContext, spec: PolicySpec): LevelsForm {
  const rows = readRows(kind, context, spec);
  return { form: "levels", rows, initial: spec.bounds.initial, loadLevel: loadLevelConstants };
}
