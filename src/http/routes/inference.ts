// Policies as models of the Open Inference Protocol: whatever calls Triton or KServe can ask a policy for an action.

import { z } from "zod";
import { ConfigError, StateError } from "../../core/index.ts";
import type { Policies, ReadyPolicy } from "../policies.ts";
import { type Route, route } from "../route.ts";
import { idParams } from "../schemas.ts";
import type { Health } from "./health.ts";

/** Rows of one request. */
const ROW_LIMIT = 1024;

const PLATFORM = "trimtab-policy";

const inferBody = z.strictObject({
  id: z.string().max(200).optional(),
  parameters: z.looseObject({}).optional(),
  inputs: z
    .array(
      z.strictObject({
        name: z.string(),
        shape: z.array(z.number().int().nonnegative()).max(4),
        datatype: z.enum(["FP32", "FP64"]),
        parameters: z.looseObject({}).optional(),
        data: z.array(z.union([z.number(), z.array(z.number())])).max(1_000_000),
      }),
    )
    .length(1),
  outputs: z.array(z.strictObject({ name: z.literal("action"), parameters: z.looseObject({}).optional() })).optional(),
});
type Input = z.infer<typeof inferBody>["inputs"][number];

function rowsOf({ name, shape, data }: Input, width: number): number[][] {
  const refuse = (path: string, expected: string, found: unknown): never => {
    throw new ConfigError("body", [{ path: `inputs[0].${path}`, expected, found: String(found) }]);
  };
  if (name !== "observation") refuse("name", "observation", name);
  const [rows = 0, columns] = shape;
  if (shape.length !== 2 || columns !== width) refuse("shape", `[rows, ${width}]`, `[${shape}]`);
  if (rows < 1 || rows > ROW_LIMIT) refuse("shape", `1 to ${ROW_LIMIT} rows`, rows);
  const flat = data.flat();
  if (flat.length !== rows * width) refuse("data", `${rows * width} numbers`, flat.length);
  return Array.from({ length: rows }, (_, row) => flat.slice(row * width, (row + 1) * width));
}

function metadataOf(name: string, { task }: ReadyPolicy): object {
  return {
    name,
    versions: ["1"],
    platform: PLATFORM,
    inputs: [{ name: "observation", datatype: "FP64", shape: [-1, task.observationSpace.size] }],
    outputs: [{ name: "action", datatype: "INT64", shape: [-1, task.lattice.knobs.length] }],
  };
}

/** Paths of a model, with and without its one version. */
function modelPaths(suffix: string): string[] {
  return [`/v2/models/{id}${suffix}`, `/v2/models/{id}/versions/{version}${suffix}`];
}

const params = z.strictObject({ ...idParams.shape, version: z.literal("1").optional() });

/** `/v2`. */
export function inferenceRoutes(policies: Policies, health: Health, version: string): Route[] {
  const tag = "inference";
  const flag = z.object({ live: z.boolean().optional(), ready: z.boolean().optional() });
  return [
    ...modelPaths("/infer").map((path) =>
      route({
        method: "post",
        path,
        tag,
        summary: "Actions of a policy for encoded observations, as positions on the knobs",
        params,
        body: inferBody,
        answer: { description: "The actions", schema: z.looseObject({ model_name: z.string() }) },
        handle: async ({ params: { id }, body }) => {
          const ready = await policies.ready(id);
          const { observationSpace, lattice } = ready.task;
          const [input] = body.inputs;
          if (input === undefined) throw new ConfigError("body", [{ path: "inputs", expected: "one", found: "none" }]);
          const actions = rowsOf(input, observationSpace.size).map((row) => [
            ...lattice.coordinates(policies.act(ready, observationSpace.decode(row))),
          ]);
          const shape = [actions.length, lattice.knobs.length];
          const output = { name: "action", datatype: "INT64", shape, data: actions.flat() };
          const told = body.id === undefined ? {} : { id: body.id };
          return { json: { model_name: id, model_version: "1", ...told, outputs: [output] } };
        },
      }),
    ),
    ...modelPaths("").map((path) =>
      route({
        method: "get",
        path,
        tag,
        summary: "A policy's inputs and outputs",
        params,
        answer: { description: "The model's metadata", schema: z.looseObject({ name: z.string() }) },
        handle: async ({ params: { id } }) => ({ json: metadataOf(id, await policies.ready(id)) }),
      }),
    ),
    ...modelPaths("/ready").map((path) =>
      route({
        method: "get",
        path,
        tag,
        summary: "Whether a policy can be asked",
        params,
        answer: { description: "It can", schema: z.object({ name: z.string(), ready: z.boolean() }) },
        handle: async ({ params: { id } }) => {
          await policies.ready(id);
          return { json: { name: id, ready: true } };
        },
      }),
    ),
    route({
      method: "get",
      path: "/v2",
      tag,
      summary: "The server",
      answer: { description: "Name and version", schema: z.looseObject({ name: z.string() }) },
      handle: () => ({ json: { name: "trimtab", version, extensions: [] } }),
    }),
    route({
      method: "get",
      path: "/v2/health/live",
      tag,
      summary: "Whether the server runs",
      answer: { description: "It does", schema: flag },
      handle: () => ({ json: { live: true } }),
    }),
    route({
      method: "get",
      path: "/v2/health/ready",
      tag,
      summary: "Whether the server should be sent requests",
      answer: { description: "It should", schema: flag },
      handle: () => {
        const fault = Object.values(health.checks()).find((reason) => reason !== null);
        if (fault === undefined) return { json: { ready: true } };
        throw new StateError(`not ready: ${fault}`);
      },
    }),
  ];
}
