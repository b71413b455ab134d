// The gateway: two servers, the models behind them, and how it stops without losing a request.

import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError } from "../core/index.ts";
import { isLoopback } from "./access.ts";
import { adminApp } from "./admin-server.ts";
import { DataServer, KEEP_ALIVE_MS } from "./data-server.ts";
import { ServedModel } from "./model.ts";
import { openBackend, openFunction } from "./open-backend.ts";
import type { GatewaySettings } from "./settings.ts";

/** What a gateway is opened with. */
export interface GatewayOptions {
  readonly settings: GatewaySettings;
  readonly version: string;
  /** The secret in an environment variable. @throws {ConfigError} when there is none */
  readonly secret: (variable: string) => string;
  /** Told of failures that should never happen; the gateway goes on. */
  readonly onError: (error: unknown) => void;
}

/** A gateway that serves. */
export interface Gateway {
  /** Where requests go. */
  readonly url: string;
  readonly adminUrl: string;
  /** Takes no more requests, answers those it has, and fails what is left after the grace. */
  close(graceMs: number): Promise<void>;
}

/** How often deadlines are looked at. */
const SWEEP_MS = 10;

/** For the last answers to leave. */
const FLUSH_MS = 1000;

async function listen(server: Server, { host, port }: { host: string; port: number }, what: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const issue = { path: `${what}.port`, expected: "a free address", found: cause.message };
      reject(new ConfigError("gateway", [issue], { cause }));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${shown}:${address.port}`;
}

function tokenOf(
  listener: GatewaySettings["listen"],
  what: string,
  secret: (variable: string) => string,
): string | null {
  const token = listener.tokenEnv === undefined ? null : secret(listener.tokenEnv);
  if (token !== null || isLoopback(listener.host)) return token;
  const expected = "a loopback address, or a token in the variable named by tokenEnv";
  throw new ConfigError("gateway", [{ path: `${what}.host`, expected, found: listener.host }]);
}

async function openModels(
  { models, limits }: GatewaySettings,
  nowMs: () => number,
): Promise<ReadonlyMap<string, ServedModel>> {
  const { maxAnswerBytes } = limits;
  const opened = await Promise.all(
    models.map(async (settings) => {
      const offload = await openFunction(settings.function, maxAnswerBytes);
      const model = new ServedModel({ settings, offload, nowMs, chance: Math.random });
      const { readyPath } = settings;
      model.useBackends(settings.backends.map((backend) => openBackend(backend, { readyPath, maxAnswerBytes })));
      return [settings.name, model] as const;
    }),
  );
  return new Map(opened);
}

/** Resolves once every model is done with its requests, or the grace is over. */
async function settled(models: readonly ServedModel[], graceMs: number): Promise<void> {
  const endMs = performance.now() + graceMs;
  while (performance.now() < endMs && models.some(({ waiting, inFlight }) => waiting + inFlight > 0)) {
    await new Promise((resolve) => setTimeout(resolve, SWEEP_MS));
  }
}

/**
 * Opens a gateway; it serves once this resolves.
 * @throws {ConfigError} for a host others can reach without a token, an address in use, or a secret that is not there
 */
export async function openGateway({ settings, version, secret, onError }: GatewayOptions): Promise<Gateway> {
  const token = tokenOf(settings.listen, "listen", secret);
  const adminToken = tokenOf(settings.admin, "admin", secret);
  const startMs = performance.now();
  const nowMs = (): number => performance.now() - startMs;
  const models = await openModels(settings, nowMs);
  const all = [...models.values()];
  const { maxBodyBytes, maxHeldBytes, maxAnswerBytes } = settings.limits;
  let draining = false;
  const parts = { models, version, token, maxBodyBytes, maxHeldBytes, nowMs, draining: () => draining, onError };
  const { server } = new DataServer(parts);
  const app = adminApp({ models, runId: randomUUID(), token: adminToken, maxAnswerBytes, nowMs });
  const admin = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app);
  const url = await listen(server, settings.listen, "listen");
  const adminUrl = await listen(admin, settings.admin, "admin").catch((error: unknown) => {
    server.close();
    throw error;
  });
  const sweep = setInterval(() => {
    for (const model of all) model.sweep();
  }, SWEEP_MS);
  return {
    url,
    adminUrl,
    async close(graceMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await settled(all, graceMs);
      clearInterval(sweep);
      for (const model of all) model.close();
      // The last answers still have to leave; their connections close behind them.
      const idle = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      const cut = setTimeout(() => server.closeAllConnections(), FLUSH_MS);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
      admin.close();
      admin.closeAllConnections();
    },
  };
}
