// Environments over HTTP, on the paths of gym-http-api and gymnasium-http-api.

import { z } from "zod";
import { type SpaceSpec, StateError, toJson } from "../../core/index.ts";
import { configurationSchema } from "../../store/index.ts";
import { observationJson } from "../gym-observation.ts";
import type { ActionJson, Instance } from "../instance.ts";
import type { Instances } from "../instances.ts";
import { type Route, route } from "../route.ts";
import { spaceJson } from "../schemas.ts";

const params = z.strictObject({ id: z.string() });

/** What an environment may be made with. */
export const environmentKwargs = z.strictObject({
  /** Seconds between decisions; the scenario's own where absent. */
  interval_s: z.number().min(1).max(3600).optional(),
});

const createBody = z.strictObject({
  env_id: z.string(),
  max_episode_steps: z.number().int().positive().nullish(),
  auto_reset: z.literal(false).nullish(),
  disable_env_checker: z.boolean().nullish(),
  render_mode: z.null().optional(),
  seed: z.number().int().nonnegative().nullish(),
  kwargs: environmentKwargs.nullish(),
});

const action: z.ZodType<ActionJson, unknown> = z.union([z.array(z.number()).max(1000), configurationSchema]);

const observation = z.union([z.array(z.number()), z.object({ type: z.literal("float64"), data: z.string() })]);
const info = z.record(z.string(), z.unknown());

const stepped = z.object({
  observation,
  reward: z.number(),
  terminated: z.boolean(),
  truncated: z.boolean(),
  done: z.boolean(),
  info,
});

function space(spec: SpaceSpec): { info: unknown } {
  return { info: { name: spec.type, ...spec } };
}

function encoded(
  instance: Instance,
  state: Parameters<Instance["open"]["observationSpace"]["encode"]>[0],
  accept: string,
): unknown {
  return observationJson(instance.open.observationSpace.encode(state), accept);
}

/** An action written into a path: "[0,2,1]" or "0,2,1". */
function actionIn(text: string): ActionJson {
  const list = text.startsWith("[") ? text.slice(1, -1) : text;
  return list.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
}

/** `/v1/envs`. */
export function environmentRoutes(instances: Instances): Route[] {
  const tag = "environments";
  return [
    route({
      method: "post",
      path: "/v1/envs",
      tag,
      summary: "Makes an instance of an environment",
      body: createBody,
      answer: { description: "Its id", schema: z.object({ instance_id: z.string() }) },
      handle: async ({ body }) => {
        const instance = await instances.create({
          envId: body.env_id,
          maxEpisodeSteps: body.max_episode_steps ?? null,
          intervalS: body.kwargs?.interval_s ?? null,
        });
        return { json: { instance_id: instance.id } };
      },
    }),
    route({
      method: "get",
      path: "/v1/envs",
      tag,
      summary: "Instances by id, under both names the two servers use",
      answer: {
        description: "Environment id by instance id",
        schema: z.object({ envs: z.record(z.string(), z.string()), all_envs: z.record(z.string(), z.string()) }),
      },
      handle: () => {
        const envs = Object.fromEntries(instances.list().map(({ id, envId }) => [id, envId]));
        return { json: { envs, all_envs: envs } };
      },
    }),
    route({
      method: "post",
      path: "/v1/envs/{id}/reset",
      tag,
      summary: "Starts an episode; without a seed the stream of chance goes on",
      params,
      body: z.strictObject({ seed: z.number().int().nonnegative().nullish(), options: z.looseObject({}).nullish() }),
      answer: { description: "The first observation", schema: z.object({ observation, info }) },
      handle: async ({ params: { id }, body, accept }) => {
        const instance = instances.get(id);
        const result = await instance.reset(body.seed ?? null);
        return { json: { observation: encoded(instance, result.observation, accept), info: toJson(result.info) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/envs/{id}/step",
      tag,
      summary: "Takes an action: positions on the knob lattice, or a value for every knob",
      params,
      body: z.strictObject({ action, render: z.boolean().optional() }),
      answer: { description: "What came of it; `done` is terminated or truncated", schema: stepped },
      handle: async ({ params: { id }, body, accept }) => {
        const instance = instances.get(id);
        const { observation: state, reward, terminated, truncated, info: terms } = await instance.step(body.action);
        const done = terminated || truncated;
        const seen = encoded(instance, state, accept);
        return { json: { observation: seen, reward, terminated, truncated, done, info: toJson(terms) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/envs/{id}/action_space",
      tag,
      summary: "The action space, with the knobs its positions stand for",
      params,
      answer: { description: "The space", schema: spaceJson },
      handle: ({ params: { id } }) => {
        const { lattice } = instances.get(id).open;
        const { info: spec } = space(lattice.toJSON());
        return { json: toJson({ info: spec, knobs: lattice.knobs }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/envs/{id}/action_space/sample",
      tag,
      summary: "A random action",
      params,
      answer: { description: "The action", schema: z.object({ action: z.array(z.number().int()) }) },
      handle: ({ params: { id } }) => ({ json: { action: instances.get(id).sampleAction() } }),
    }),
    route({
      method: "get",
      path: "/v1/envs/{id}/action_space/contains/{action}",
      tag,
      summary: "Whether positions, separated by commas, are an action that can run",
      params: z.strictObject({ id: z.string(), action: z.string() }),
      answer: { description: "The answer", schema: z.object({ member: z.boolean() }) },
      handle: ({ params: { id, action: text } }) => ({
        json: { member: instances.get(id).containsAction(actionIn(text)) },
      }),
    }),
    route({
      method: "get",
      path: "/v1/envs/{id}/observation_space",
      tag,
      summary: "The observation space, with the name, unit and bounds of each element",
      params,
      answer: { description: "The space", schema: spaceJson },
      handle: ({ params: { id } }) => {
        const { observationSpace } = instances.get(id).open;
        return { json: toJson({ ...space(observationSpace.toJSON()), features: observationSpace.features }) };
      },
    }),
    route({
      method: "post",
      path: "/v1/envs/{id}/observation_space/contains",
      tag,
      summary: "Whether an array is an observation of this environment",
      params,
      body: z.strictObject({ observation: z.array(z.number()).max(100_000) }),
      answer: { description: "The answer", schema: z.object({ member: z.boolean() }) },
      handle: ({ params: { id }, body }) => ({
        json: { member: instances.get(id).containsObservation(body.observation) },
      }),
    }),
    route({
      method: "get",
      path: "/v1/envs/{id}/render",
      tag,
      summary: "The frame of an environment: there is nothing to see, render modes are none",
      params,
      answer: { description: "No frame", schema: z.object({ render_frame: z.null() }) },
      handle: ({ params: { id } }) => {
        instances.get(id);
        return { json: { render_frame: null } };
      },
    }),
    route({
      method: "get",
      path: "/v1/envs/{id}/transitions",
      tag,
      summary: "Refused: states are no table",
      params,
      answer: { description: "Never", schema: z.unknown() },
      handle: ({ params: { id } }) => {
        instances.get(id);
        throw new StateError(
          "transitions: expected an environment with a table of states, found observations in a box",
        );
      },
    }),
    ...(["post", "delete"] as const).map((method) =>
      route({
        method,
        path: method === "post" ? "/v1/envs/{id}/close" : "/v1/envs/{id}",
        tag,
        summary: "Closes an instance",
        params,
        answer: { status: 204, description: "Closed" },
        handle: async ({ params: { id } }) => {
          await instances.remove(id);
          return { status: 204 as const };
        },
      }),
    ),
  ];
}
