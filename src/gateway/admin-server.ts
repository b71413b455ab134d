// The admin side: knobs, backends, telemetry and metrics, on a port of its own.
//
// GET  /v1/models                             names
// GET  /v1/models/<m>                         configuration, canary, backends
// PUT  /v1/models/<m>/configuration           { configuration, canary: { share, configuration } | null }
// PUT  /v1/models/<m>/backends                [{ name, url, weight, concurrency }]: all there are from now on
// GET  /v1/models/<m>/telemetry?arrivals=&batches=     what is new from these places on
// GET  /metrics, /livez

import express, { type Express, type Request, type Response } from "express";
import { z } from "zod";
import { toJson } from "../core/index.ts";
import { fieldIssues } from "../store/index.ts";
import { gatekeeper } from "./access.ts";
import { metricsPage } from "./metrics-page.ts";
import type { ServedModel } from "./model.ts";
import { changeBackends } from "./open-backend.ts";
import { backendsSchema, modelConfigurationSchema } from "./settings.ts";
import { telemetryOf } from "./telemetry.ts";

/** What the admin side works with. */
export interface AdminParts {
  readonly models: ReadonlyMap<string, ServedModel>;
  /** Names this run of the gateway. */
  readonly runId: string;
  readonly token: string | null;
  readonly maxAnswerBytes: number;
  readonly nowMs: () => number;
}

const wantedSchema = z.strictObject({
  configuration: modelConfigurationSchema,
  canary: z
    .strictObject({ share: z.number().gt(0).max(1), configuration: modelConfigurationSchema })
    .nullable()
    .default(null),
});

const place = z.coerce.number().int().nonnegative().default(0);
const sinceSchema = z.object({ arrivals: place, batches: place });

function problem(response: Response, status: number, title: string, detail: string): void {
  response.status(status).type("application/problem+json").send({ type: "about:blank", title, status, detail });
}

/** Checks what was sent; what does not fit is answered, and null. */
function parsed<T>(schema: z.ZodType<T>, value: unknown, response: Response): T | null {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = fieldIssues(result.error, value).map(
    ({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`,
  );
  problem(response, 400, "Bad Request", issues.join("; "));
  return null;
}

function described(model: ServedModel): unknown {
  return toJson({
    model: model.settings.name,
    configuration: model.configuration,
    canary: model.canary,
    waiting: model.waiting,
    backends: model.pool.backends.map((backend) => ({
      name: backend.name,
      url: backend.url,
      weight: backend.weight,
      concurrency: backend.concurrency,
      ready: backend.ready,
      inFlight: backend.inFlight,
      failures: backend.failures,
    })),
  });
}

/** Why a canary cannot be: its share of the traffic would need backends of its own. */
function unsplittable({ configuration, canary }: z.output<typeof wantedSchema>): string | null {
  if (canary === null || canary.share >= 1 || canary.configuration.concurrency === configuration.concurrency)
    return null;
  return "canary.configuration.concurrency: expected the running one, for backends are not split, found another";
}

/** The admin application. */
export function adminApp({ models, runId, token, maxAnswerBytes, nowMs }: AdminParts): Express {
  const app = express();
  app.disable("x-powered-by").disable("etag");
  const refusalOf = gatekeeper(token);
  app.get("/livez", (_request, response) => void response.json({ live: true }));
  app.use((request, response, next) => {
    const refusal = refusalOf(request.headers);
    if (refusal === null) next();
    else problem(response, refusal.status, refusal.status === 401 ? "Unauthorized" : "Forbidden", refusal.message);
  });
  app.use(express.json({ limit: "1mb" }));
  const withModel =
    (act: (model: ServedModel, request: Request, response: Response) => void) =>
    (request: Request, response: Response): void => {
      const name = String(request.params["model"]);
      const model = models.get(name);
      if (model !== undefined) act(model, request, response);
      else
        problem(response, 404, "Not Found", `model: expected one of ${[...models.keys()].join(", ")}, found "${name}"`);
    };
  app.get("/metrics", (_request, response) => {
    response.type("text/plain; version=0.0.4; charset=utf-8").send(metricsPage([...models.values()]));
  });
  app.get("/v1/models", (_request, response) => void response.json([...models.keys()]));
  app.get(
    "/v1/models/:model",
    withModel((model, _request, response) => void response.json(described(model))),
  );
  app.put(
    "/v1/models/:model/configuration",
    withModel((model, request, response) => {
      const wanted = parsed(wantedSchema, request.body, response);
      if (wanted === null) return;
      const refused = unsplittable(wanted);
      if (refused !== null) {
        problem(response, 400, "Bad Request", refused);
        return;
      }
      model.configure(wanted.configuration, wanted.canary);
      response.json(described(model));
    }),
  );
  app.put(
    "/v1/models/:model/backends",
    withModel((model, request, response) => {
      const wanted = parsed(backendsSchema, request.body, response);
      if (wanted === null) return;
      const { readyPath } = model.settings;
      model.useBackends(changeBackends(model.pool.backends, wanted, { readyPath, maxAnswerBytes }));
      response.json(described(model));
    }),
  );
  app.get(
    "/v1/models/:model/telemetry",
    withModel((model, request, response) => {
      const since = parsed(sinceSchema, request.query, response);
      if (since !== null) response.json(toJson(telemetryOf(runId, model, nowMs(), since)));
    }),
  );
  app.use((_request, response) =>
    problem(response, 404, "Not Found", "path: expected one of the admin API, found another"),
  );
  app.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    if (response.headersSent) return next(error);
    const status = error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : 500;
    problem(
      response,
      status,
      status < 500 ? "Bad Request" : "Internal Server Error",
      status < 500 ? String(error) : "unexpected failure",
    );
  });
  return app;
}
