// Vector environments over HTTP: one request steps many environments, or takes many steps of them.

import { z } from "zod";
import { type ClusterState, toJson } from "../../core/index.ts";
import { observationJson } from "../gym-observation.ts";
import type { Instances } from "../instances.ts";
import { type Route, route } from "../route.ts";
import { spaceJson } from "../schemas.ts";
import { AUTORESET_MODES, joinInfos, type VectorInstance, type VectorStep } from "../vector-instance.ts";
import { environmentKwargs } from "./environments.ts";

/** Environments of one vector, and steps of one request. */
const WIDTH_LIMIT = 64;
const STEPS_LIMIT = 1000;

const params = z.strictObject({ id: z.string() });
const seed = z.number().int().nonnegative();

const createBody = z.strictObject({
  env_id: z.string(),
  num_envs: z.number().int().min(1).max(WIDTH_LIMIT),
  autoreset_mode: z.enum(AUTORESET_MODES).default("NextStep"),
  max_episode_steps: z.number().int().positive().nullish(),
  kwargs: environmentKwargs.nullish(),
});

const resetBody = z.strictObject({
  seed: z.union([seed, z.array(seed.nullable())]).nullish(),
  options: z.strictObject({ reset_mask: z.array(z.boolean()).optional() }).nullish(),
});

const actions = z.array(z.array(z.number()).max(1000)).max(WIDTH_LIMIT);
const stepped = z.object({
  observations: z.unknown(),
  rewards: z.array(z.number()),
  terminations: z.array(z.boolean()),
  truncations: z.array(z.boolean()),
  infos: z.record(z.string(), z.unknown()),
});

/** Encoded observations, shape [environments, size], flat in the compressed form. */
function batchJson(vector: VectorInstance, states: readonly ClusterState[], accept: string): unknown {
  const encoded = states.map(
    (state, i) => vector.instances[i]?.open.observationSpace.encode(state) ?? new Float64Array(),
  );
  if (Array.isArray(observationJson(new Float64Array(), accept))) return encoded.map((row) => [...row]);
  return observationJson(Float64Array.from(encoded.flatMap((row) => [...row])), accept);
}

function stepJson(vector: VectorInstance, step: VectorStep, accept: string): object {
  const { observations, infos, finals, ...rest } = step;
  const joined = joinInfos(infos);
  const ended = finals.some((final) => final !== null);
  const encoded = finals.map((final, i) =>
    final === null ? null : [...(vector.instances[i]?.open.observationSpace.encode(final.observation) ?? [])],
  );
  const endings = {
    final_obs: encoded,
    _final_obs: finals.map((final) => final !== null),
    final_info: joinInfos(finals.map((final) => final?.info ?? {})),
    _final_info: finals.map((final) => final !== null),
  };
  return {
    observations: batchJson(vector, observations, accept),
    ...rest,
    infos: toJson({ ...joined, ...(ended ? endings : {}) }),
  };
}

function seedsOf(vector: VectorInstance, given: z.infer<typeof resetBody>["seed"]): (number | null)[] {
  if (Array.isArray(given)) return given;
  return vector.instances.map((_, i) => (given === null || given === undefined ? null : given + i));
}

/** `/v1/vector_envs`. */
export function vectorEnvironmentRoutes(instances: Instances): Route[] {
  const tag = "environments";
  const width = (id: string) => instances.vector(id).instances[0]?.open;
  return [
    route({
      method: "post",
      path: "/v1/vector_envs/{id}/step",
      tag,
      summary: "Takes an action in each environment, as positions on the knob lattice",
      params,
      body: z.strictObject({ actions }),
      answer: { description: "What came of it, environment by environment", schema: stepped },
      handle: async ({ params: { id }, body, accept }) => {
        const vector = instances.vector(id);
        return { json: stepJson(vector, await vector.step(body.actions), accept) };
      },
    }),
    route({
      method: "post",
      path: "/v1/vector_envs/{id}/steps",
      tag,
      summary: "Takes several steps: for each an action in each environment",
      params,
      body: z.strictObject({ actions: z.array(actions).min(1).max(STEPS_LIMIT) }),
      answer: { description: "What came of each step, in order", schema: z.object({ steps: z.array(stepped) }) },
      handle: async ({ params: { id }, body, accept }) => {
        const vector = instances.vector(id);
        const steps: object[] = [];
        for (const some of body.actions) steps.push(stepJson(vector, await vector.step(some), accept));
        return { json: { steps } };
      },
    }),
    route({
      method: "post",
      path: "/v1/vector_envs/{id}/reset",
      tag,
      summary:
        "Starts an episode in each environment, or in those of `options.reset_mask`; a seed s gives environment i seed s + i",
      params,
      body: resetBody,
      answer: { description: "The observations", schema: z.object({ observations: z.unknown(), infos: z.unknown() }) },
      handle: async ({ params: { id }, body, accept }) => {
        const vector = instances.vector(id);
        const mask = body.options?.reset_mask ?? null;
        const { observations, infos } = await vector.reset(seedsOf(vector, body.seed), mask);
        return { json: { observations: batchJson(vector, observations, accept), infos: toJson(joinInfos(infos)) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/vector_envs",
      tag,
      summary: "Makes a vector of environments of one kind",
      body: createBody,
      answer: { description: "Its id", schema: z.object({ instance_id: z.string() }) },
      handle: async ({ body }) => {
        const vector = await instances.createVector({
          envId: body.env_id,
          maxEpisodeSteps: body.max_episode_steps ?? null,
          intervalS: body.kwargs?.interval_s ?? null,
          count: body.num_envs,
          autoreset: body.autoreset_mode,
        });
        return { json: { instance_id: vector.id } };
      },
    }),
    route({
      method: "get",
      path: "/v1/vector_envs/{id}",
      tag,
      summary: "A vector: how many environments of which kind, and how they are reset",
      params,
      answer: { description: "The vector", schema: z.looseObject({ num_envs: z.number() }) },
      handle: ({ params: { id } }) => {
        const { envId, instances: all, autoreset } = instances.vector(id);
        return { json: { env_id: envId, num_envs: all.length, metadata: { autoreset_mode: autoreset } } };
      },
    }),
    route({
      method: "get",
      path: "/v1/vector_envs/{id}/single_action_space",
      tag,
      summary: "The action space of one environment",
      params,
      answer: { description: "The space", schema: spaceJson },
      handle: ({ params: { id } }) => {
        const open = width(id);
        const spec = open?.lattice.toJSON();
        return { json: toJson({ info: { name: spec?.type, ...spec }, knobs: open?.lattice.knobs }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/vector_envs/{id}/single_observation_space",
      tag,
      summary: "The observation space of one environment",
      params,
      answer: { description: "The space", schema: spaceJson },
      handle: ({ params: { id } }) => {
        const space = width(id)?.observationSpace;
        const spec = space?.toJSON();
        return { json: toJson({ info: { name: spec?.type, ...spec }, features: space?.features }) };
      },
    }),
    route({
      method: "delete",
      path: "/v1/vector_envs/{id}",
      tag,
      summary: "Closes a vector",
      params,
      answer: { status: 204, description: "Closed" },
      handle: async ({ params: { id } }) => {
        await instances.removeVector(id);
        return { status: 204 as const };
      },
    }),
  ];
}
