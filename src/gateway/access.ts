// Who may ask: a bearer token where one is set; without one, only requests addressed to this machine.

import { createHash, timingSafeEqual } from "node:crypto";

/** Why a request is not let through. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly message: string;
}

const loopback = new Set(["127.0.0.1", "localhost", "[::1]", "::1"]);

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

/** The two headers that say who asks, and whom. */
export interface AccessHeaders {
  readonly host?: string | undefined;
  readonly authorization?: string | undefined;
}

/**
 * Lets requests with the token through, or any that name this machine where there is no token. Without a token a page of
 * some other site could reach a service on loopback by a name of its own that leads here (DNS rebinding).
 * @returns null for a request that may pass
 */
export function gatekeeper(token: string | null): (headers: AccessHeaders) => Refusal | null {
  const expected = token === null ? null : digest(token);
  return (headers) => {
    if (expected === null) {
      const host = hostOf(headers.host ?? "");
      if (isLoopback(host)) return null;
      return { status: 403, message: `host: expected this machine, found "${host}"; other hosts need a token` };
    }
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return null;
    const found = given === undefined ? "none" : "another one";
    return { status: 401, message: `authorization: expected a bearer token, found ${found}` };
  };
}
