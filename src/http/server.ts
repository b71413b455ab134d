// The server: listens where it is safe to, and stops without cutting off who is being answered.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express } from "express";
import { ConfigError } from "../core/index.ts";
import { isLoopback } from "../gateway/access.ts";

/** Where to listen. */
export interface ListenOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Whether requests need a token. */
  readonly protected: boolean;
}

/** A server that listens. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, waits for those under way, cuts them off after the grace. */
  close(graceMs: number): Promise<void>;
}

/** Longer than the idle timeout of the usual load balancers, so that they close first. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Starts listening.
 * @throws {ConfigError} for a host others can reach while no token is set, or an address in use
 */
export async function listen(app: Express, options: ListenOptions): Promise<Listening> {
  const { host, port } = options;
  if (!isLoopback(host) && !options.protected) {
    throw new ConfigError("serve", [
      { path: "host", expected: "a loopback address, or a token in the variable named by --token-env", found: host },
    ]);
  }
  const server = createServer(app);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new ConfigError("serve", [{ path: "port", expected: "a free address", found: cause.message }], { cause }));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    close: (graceMs) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
