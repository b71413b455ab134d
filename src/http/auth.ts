// The gatekeeper for Express: health answers anybody, everything else needs to be let through.

import type { Request, Response } from "express";
import { gatekeeper } from "../gateway/access.ts";
import { HttpError } from "./problem.ts";

/** Paths that answer anybody: the kubelet has no token. */
const health = /^\/(livez|readyz)$/;

/** Files of the dashboard: they hold no data, and ask for the token that gets it. */
const shell = /^\/(assets\/[\w.-]+)?$/;

/** Lets requests with the token through; health needs none. What it returns throws {@link HttpError} for the others. */
export function authorizer(token: string | null): (request: Request, response: Response) => void {
  const refusalOf = gatekeeper(token);
  return (request, response) => {
    if (health.test(request.path)) return;
    const refusal = refusalOf(request.headers);
    if (refusal === null) return;
    if (refusal.status === 401 && shell.test(request.path)) return;
    if (refusal.status === 401) response.setHeader("www-authenticate", "Bearer");
    throw new HttpError(refusal.status, refusal.status === 401 ? "E_TOKEN" : "E_HOST", refusal.message);
  };
}
