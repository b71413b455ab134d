// The gRPC server: listens where it is safe to, with TLS where it is asked for, and stops with grace.

import { readFile } from "node:fs/promises";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ConfigError } from "../../core/index.ts";
import { isLoopback } from "../../gateway/access.ts";
import { PROTO_PATH } from "./scaler.ts";

/** Files of a TLS server, in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authority of the clients' certificates; null where clients need none. */
  readonly clientCa: string | null;
}

/** Where to listen. */
export interface GrpcOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly tls: TlsFiles | null;
}

/** A gRPC server that listens. */
export interface ListeningGrpc {
  readonly port: number;
  /** Takes no more calls, waits for those under way, cuts them off after the grace. */
  close(graceMs: number): Promise<void>;
}

async function credentialsOf(tls: TlsFiles | null): Promise<ServerCredentials> {
  if (tls === null) return ServerCredentials.createInsecure();
  const read = async (path: string, name: string): Promise<Buffer> => {
    try {
      return await readFile(path);
    } catch (cause) {
      const found = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError("serve", [{ path: name, expected: "a readable PEM file", found }], { cause });
    }
  };
  const [cert, key] = await Promise.all([read(tls.cert, "tls-cert"), read(tls.key, "tls-key")]);
  const ca = tls.clientCa === null ? null : await read(tls.clientCa, "tls-client-ca");
  return ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], ca !== null);
}

/** The service of the contract. */
export function serviceDefinition(): ServiceDefinition {
  const definition = loadSync(PROTO_PATH, { longs: Number, defaults: true })["externalscaler.ExternalScaler"];
  if (definition === undefined || "format" in definition) throw new TypeError(`${PROTO_PATH}: expected a service`);
  return definition;
}

/**
 * Starts listening.
 * @throws {ConfigError} for a host others can reach without client certificates, unreadable files, or an address in use
 */
export async function listenGrpc(handlers: UntypedServiceImplementation, options: GrpcOptions): Promise<ListeningGrpc> {
  const { host, port, tls } = options;
  if (!isLoopback(host) && (tls === null || tls.clientCa === null)) {
    throw new ConfigError("serve", [
      { path: "grpc-host", expected: "a loopback address, or TLS with client certificates", found: host },
    ]);
  }
  const server = new Server();
  server.addService(serviceDefinition(), handlers);
  const credentials = await credentialsOf(tls);
  const address = host.includes(":") ? `[${host}]` : host;
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:${port}`, credentials, (cause, found) => {
      if (cause === null) resolve(found);
      else
        reject(
          new ConfigError("serve", [{ path: "grpc-port", expected: "a free address", found: cause.message }], {
            cause,
          }),
        );
    });
  });
  return {
    port: bound,
    close: (graceMs) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.forceShutdown(), graceMs);
        server.tryShutdown(() => {
          clearTimeout(cut);
          resolve();
        });
      }),
  };
}
