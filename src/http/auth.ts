// Who may ask: a bearer token where one is set; without one, only requests addressed to this machine.

import { createHash, timingSafeEqual } from "node:crypto";
import type { Request, Response } from "express";
import { HttpError } from "./problem.ts";

const loopback = new Set(["127.0.0.1", "localhost", "[::1]", "::1"]);

/** Paths that answer anybody: the kubelet has no token. */
const open = new Set(["/livez", "/readyz"]);

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Whether an address can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return loopback.has(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function hostOf(header: string): string {
  const bracket = /^(\[[^\]]*\])(?::\d+)?$/.exec(header);
  return bracket?.[1] ?? header.replace(/:\d+$/, "");
}

/**
 * Lets requests with the token through; health needs none. What it returns throws {@link HttpError} for the others.
 * Without a token a page of some other site could reach a service on loopback by a name of its own that leads here
 * (DNS rebinding), so the request must name this machine.
 */
export function authorizer(token: string | null): (request: Request, response: Response) => void {
  const expected = token === null ? null : digest(token);
  return (request, response) => {
    if (open.has(request.path)) return;
    if (expected === null) {
      const host = hostOf(request.headers.host ?? "");
      if (isLoopback(host)) return;
      throw new HttpError(403, "E_HOST", `host: expected this machine, found "${host}"; other hosts need a token`);
    }
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
    response.setHeader("www-authenticate", "Bearer");
    const found = given === undefined ? "none" : "another one";
    throw new HttpError(401, "E_TOKEN", `authorization: expected a bearer token, found ${found}`);
  };
}
