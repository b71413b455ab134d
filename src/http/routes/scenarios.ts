// Scenarios: what ships, what is in it, and whether one of the user's own holds together.

import { parseDocument } from "yaml";
import { z } from "zod";
import { checkScenario, environmentId } from "../../../environments/index.ts";
import { ConfigError, toJson } from "../../core/index.ts";
import { type Route, route } from "../route.ts";
import type { Scenarios } from "../scenarios.ts";
import { nameParams, pageOf } from "../schemas.ts";

const scenarioJson = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    environment: z.string(),
    slo: z.array(z.object({ percentile: z.number(), latencyMs: z.number() })),
    intervalS: z.number(),
  })
  .meta({ id: "Scenario" });

const fullJson = z.object({ name: z.string(), environment: z.string(), scenario: z.record(z.string(), z.unknown()) });

function parsed(document: unknown): unknown {
  if (typeof document !== "object" || document === null || !("yaml" in document)) return document;
  const { yaml } = document;
  if (typeof yaml !== "string" || Object.keys(document).length > 1) return document;
  const read = parseDocument(yaml);
  const [fault] = read.errors;
  if (fault !== undefined) {
    throw new ConfigError("scenario", [{ path: "yaml", expected: "YAML", found: fault.message }]);
  }
  return read.toJS({ maxAliasCount: 100 });
}

/** `/v1/scenarios`. */
export function scenarioRoutes(scenarios: Scenarios): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/scenarios",
      tag: "scenarios",
      summary: "Scenarios that ship",
      answer: { description: "All of them", schema: pageOf(scenarioJson) },
      handle: async () => {
        const loaded = await Promise.all((await scenarios.list()).map((name) => scenarios.load(name)));
        const items = loaded.map(({ scenario: { name, description, slo, intervalS } }) => {
          return { name, description: description ?? null, environment: environmentId(name), slo, intervalS };
        });
        return { json: { items, next: null } };
      },
    }),
    route({
      method: "get",
      path: "/v1/scenarios/{name}",
      tag: "scenarios",
      summary: "A scenario with its defaults filled in",
      params: nameParams,
      answer: { description: "The scenario", schema: fullJson },
      handle: async ({ params }) => {
        const { scenario } = await scenarios.load(params.name);
        return { json: toJson({ name: scenario.name, environment: environmentId(scenario.name), scenario }) };
      },
    }),
    route({
      method: "post",
      path: "/v1/scenarios/validate",
      tag: "scenarios",
      summary:
        'Checks a scenario document, as JSON or as { "yaml": "…" }; 400 says what is wrong with it, field by field',
      body: z.looseObject({}),
      answer: { description: "It holds together; the scenario with its defaults filled in", schema: fullJson },
      handle: ({ body }) => {
        const scenario = checkScenario(parsed(body), "scenario");
        return { json: toJson({ name: scenario.name, environment: environmentId(scenario.name), scenario }) };
      },
    }),
  ];
}
