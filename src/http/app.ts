// The HTTP application: every route behind the same door, every failure a problem document. It does not listen.

import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import type { Logger } from "pino";
import { authorizer } from "./auth.ts";
import type { Clusters } from "./clusters.ts";
import type { DesiredState } from "./desired.ts";
import type { EventStreams } from "./events.ts";
import type { Instances } from "./instances.ts";
import type { Metrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { docsPage, pageHeaders } from "./pages.ts";
import type { Policies } from "./policies.ts";
import { HttpError, type Problem, problemOf } from "./problem.ts";
import type { Reply, Route } from "./route.ts";
import { clusterRoutes } from "./routes/clusters.ts";
import { environmentRoutes } from "./routes/environments.ts";
import { type Health, healthRoutes } from "./routes/health.ts";
import { inferenceRoutes } from "./routes/inference.ts";
import { type InsightParts, insightRoutes } from "./routes/insight.ts";
import { liveRoutes } from "./routes/live.ts";
import { policyRoutes } from "./routes/policies.ts";
import { proposalRoutes } from "./routes/proposals.ts";
import { registryRoutes } from "./routes/registries.ts";
import { scenarioRoutes } from "./routes/scenarios.ts";
import { trainingRoutes } from "./routes/trainings.ts";
import { vectorEnvironmentRoutes } from "./routes/vector-environments.ts";
import type { Scenarios } from "./scenarios.ts";
import type { Trainings } from "./trainings.ts";
import type { WebFiles } from "./web-files.ts";

/** Largest request body. */
export const BODY_LIMIT_BYTES = 1 << 20;

/** Everything the routes work with. */
export interface Services {
  readonly version: string;
  readonly scenarios: Scenarios;
  readonly instances: Instances;
  readonly trainings: Trainings;
  readonly policies: Policies;
  readonly clusters: Clusters;
  readonly desired: DesiredState;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly streams: EventStreams;
  readonly insight: Omit<InsightParts, "clusters">;
  readonly web: WebFiles;
  /** Bearer token; null where only this machine may ask. */
  readonly token: string | null;
  readonly log: Logger;
}

function answer(reply: Reply, response: Response, streams: EventStreams): void {
  if ("events" in reply) {
    streams.serve(response, reply.events);
  } else if ("json" in reply) {
    response.status(reply.status ?? 200);
    if (reply.headers !== undefined) response.set(reply.headers);
    response.json(reply.json);
  } else if ("body" in reply) {
    if (reply.fileName !== undefined) response.attachment(reply.fileName);
    response.set("content-type", reply.contentType);
    response.send(typeof reply.body === "string" ? reply.body : Buffer.from(reply.body));
  } else {
    response.status(reply.status).end();
  }
}

function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

/** Commands to clusters and trainings are logged; what is asked thousands of times a second is not. */
function isCommand({ definition: { method, tag } }: Route): boolean {
  return method !== "get" && (tag === "clusters" || tag === "trainings");
}

function mount(app: Express, one: Route, { metrics, streams, log }: Services): void {
  const { method, path } = one.definition;
  const label = method.toUpperCase();
  const command = isCommand(one);
  app[method](expressPath(path), async (request: Request, response: Response) => {
    const startedMs = performance.now();
    response.on("finish", () => {
      const { statusCode } = response;
      metrics.request(label, path, statusCode, (performance.now() - startedMs) / 1000);
      if (command) log.info({ method: label, path: request.path, status: statusCode }, "command");
    });
    answer(await one.serve(request), response, streams);
  });
}

/** Clients of gym-http-api read `message`, those of the Open Inference Protocol `error`. */
function inDialect(problem: Problem, path: string): object {
  if (/^\/v1\/(vector_)?envs/.test(path)) return { ...problem, message: problem.detail };
  return path === "/v2" || path.startsWith("/v2/") ? { ...problem, error: problem.detail } : problem;
}

function failure({ log, metrics }: Services): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const problem = problemOf(error, request.path);
    if (problem.status >= 500) log.error({ err: error, method: request.method, path: request.path }, "request failed");
    // What was refused before it got to a route is counted here, the rest there.
    if (request.route === undefined) metrics.request(request.method, "(none)", problem.status, 0);
    response.status(problem.status).type("application/problem+json");
    response.json(inDialect(problem, request.path));
  };
}

/** Bodies are JSON or there is none; anything else would be taken for an empty one. */
function jsonOnly(request: Request): void {
  const length = Number(request.headers["content-length"] ?? 0);
  const hasBody = length > 0 || request.headers["transfer-encoding"] !== undefined;
  if (!hasBody || request.is("json") !== false) return;
  const found = request.headers["content-type"] ?? "none";
  throw new HttpError(415, "E_MEDIA_TYPE", `content-type: expected application/json, found ${found}`);
}

/** What every request goes through: one handler, because each one more is paid for by every request. */
function door(token: string | null): RequestHandler {
  const authorize = authorizer(token);
  return (request, response, next) => {
    response.setHeader("x-content-type-options", "nosniff");
    authorize(request, response);
    jsonOnly(request);
    next();
  };
}

/** The application. */
export function createApp(services: Services): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(door(services.token));
  app.use(express.json({ limit: BODY_LIMIT_BYTES, strict: true }));
  // Routes are tried in turn; those that are asked thousands of times a second come first.
  const routes = [
    ...policyRoutes(services.policies),
    ...environmentRoutes(services.instances),
    ...vectorEnvironmentRoutes(services.instances),
    ...liveRoutes(services.clusters, services.desired),
    ...inferenceRoutes(services.policies, services.health, services.version),
    ...healthRoutes(services.health),
    ...clusterRoutes(services.clusters),
    ...proposalRoutes(services.clusters),
    ...insightRoutes({ clusters: services.clusters, ...services.insight }),
    ...trainingRoutes(services.trainings),
    ...scenarioRoutes(services.scenarios),
    ...registryRoutes(),
  ];
  for (const one of routes) mount(app, one, services);
  const contract = openApiDocument(routes, services.version);
  app.get("/openapi.json", (_request, response) => void response.json(contract));
  app.get("/docs", (_request, response) => void response.set(pageHeaders).type("html").send(docsPage));
  app.get(["/", "/assets/:name"], (request, response, next) => {
    const { name } = request.params;
    if (!services.web.serve(typeof name === "string" ? name : "index.html", request, response)) next();
  });
  app.get("/metrics", async (_request, response) => {
    for (const cluster of services.clusters.list()) services.metrics.cluster(cluster);
    const { contentType, body } = await services.metrics.page();
    response.set("content-type", contentType).send(body);
  });
  app.use((request) => {
    throw new HttpError(
      404,
      "E_ROUTE",
      `${request.method} ${request.path}: expected a route of /openapi.json, found none`,
    );
  });
  app.use(failure(services));
  return app;
}
