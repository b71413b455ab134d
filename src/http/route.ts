// A route as data: one definition is both what is served and what the contract says.

import type { Request } from "express";
import { z } from "zod";
import { ConfigError } from "../core/index.ts";
import { fieldIssues } from "../store/index.ts";

/** Sends events to one listener until told to stop. */
export type EventSource = (send: (event: string, data: unknown) => void, end: () => void) => () => void;

/** What a route answers with. */
export type Reply =
  | { readonly status?: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly contentType: string; readonly body: string | Uint8Array; readonly fileName?: string }
  | { readonly events: EventSource }
  | { readonly status: 204 };

/** A request whose parts have been parsed. */
export interface Parsed<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Media types the client accepts, as sent. */
  readonly accept: string;
}

/** What a route is made of. */
export interface RouteDefinition<Params, Query, Body> {
  readonly method: "get" | "post" | "put" | "delete";
  /** With parameters in braces: "/v1/clusters/{name}". */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** What the contract says of a body that the handler checks itself, for a better word on what is wrong. */
  readonly bodyShown?: z.ZodType;
  /** What a success looks like. */
  readonly answer: {
    readonly status?: number;
    readonly description: string;
    readonly schema?: z.ZodType;
    readonly contentType?: string;
  };
  readonly handle: (request: Parsed<Params, Query, Body>) => Reply | Promise<Reply>;
}

/** What the contract says of a route. */
export type RouteContract = Omit<RouteDefinition<unknown, unknown, unknown>, "handle">;

/** A route with its types put away. */
export interface Route {
  readonly definition: RouteContract;
  /** Parses a request and answers it. @throws {ConfigError} when a part does not fit its schema */
  readonly serve: (request: Request) => Promise<Reply>;
}

const nothing = z.strictObject({});

function parsePart<T>(schema: z.ZodType<T> | undefined, value: unknown, part: string): T {
  const result = (schema ?? (nothing as unknown as z.ZodType<T>)).safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(part, fieldIssues(result.error, value));
}

/** Makes a route; the handler sees only what its schemas let through. Absent schemas let nothing through. */
export function route<Params, Query, Body>(definition: RouteDefinition<Params, Query, Body>): Route {
  return {
    definition,
    serve: async (request) =>
      definition.handle({
        params: parsePart(definition.params, request.params, "path"),
        query: parsePart(definition.query, request.query, "query"),
        body: parsePart(definition.body, request.body ?? {}, "body"),
        accept: request.headers.accept ?? "",
      }),
  };
}
