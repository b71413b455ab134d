// The contract: OpenAPI 3.1, from the same definitions that serve and validate.

import { OpenAPIRegistry, OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import type { Route } from "./route.ts";

const problemSchema = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    errors: z.array(z.object({ path: z.string(), expected: z.string(), found: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem document" });

function isObjectSchema(schema: unknown): schema is z.ZodObject {
  return schema instanceof z.ZodObject;
}

function register(registry: OpenAPIRegistry, { definition }: Route): void {
  const { method, path, tag, summary, params, query, answer } = definition;
  const body = definition.bodyShown ?? definition.body;
  const content =
    answer.schema === undefined && answer.contentType === undefined
      ? {}
      : { content: { [answer.contentType ?? "application/json"]: { schema: answer.schema ?? z.string() } } };
  registry.registerPath({
    method,
    path,
    tags: [tag],
    summary,
    request: {
      ...(isObjectSchema(params) ? { params } : {}),
      ...(isObjectSchema(query) ? { query } : {}),
      ...(body === undefined ? {} : { body: { content: { "application/json": { schema: body } } } }),
    },
    responses: {
      [String(answer.status ?? 200)]: { description: answer.description, ...content },
      default: {
        description: "What went wrong",
        content: { "application/problem+json": { schema: problemSchema } },
      },
    },
  });
}

/** The OpenAPI document of the routes. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  const registry = new OpenAPIRegistry();
  for (const one of routes) register(registry, one);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "Trimtab",
      version,
      description: "Tunes machine-learning serving clusters: environments, trainings, policies and clusters over HTTP.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
  });
}
