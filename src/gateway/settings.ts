// What a gateway is told: its YAML file, checked once, and the configuration a model can be given while it runs.

import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { ConfigError } from "../core/index.ts";
import { fieldIssues } from "../store/index.ts";

const milliseconds = z.number().nonnegative().finite();
const count = z.number().int().positive();
const word = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, "expected letters, digits, dots, dashes and underscores");
const address = z.url({ protocol: /^https?$/, error: "expected an http or https URL" });

/** Infinity is "never": `.inf` in YAML, the text "Infinity" in JSON. */
const threshold = z.preprocess(
  (value) => (value === "Infinity" ? Number.POSITIVE_INFINITY : value),
  z.custom<number>((value) => typeof value === "number" && value >= 0, "expected a number ≥ 0 or .inf"),
);

/** The hot knobs of a model, by the names the tuner uses. */
export const modelConfigurationSchema = z.strictObject({
  /** Batches under way at once, for each backend that does not say otherwise. */
  concurrency: count.max(4096).default(1),
  /** Rows of a batch at most. */
  maxBatchSize: count.max(4096).default(1),
  /** A batch that is not full leaves when its oldest request has waited this long. */
  maxBatchDelayMs: milliseconds.max(60_000).default(0),
  /** A request goes to the function when its predicted wait exceeds this. */
  offloadThresholdMs: threshold.default(Number.POSITIVE_INFINITY),
  /** Rows of a batch at most, at the function. */
  functionBatchSize: count.max(4096).default(1),
});

/** The hot knobs of a model. */
export type ModelConfiguration = z.output<typeof modelConfigurationSchema>;

export const backendSchema = z.strictObject({
  name: word,
  /** Paths of the protocol are added to it. */
  url: address,
  weight: z.number().nonnegative().finite().default(1),
  concurrency: count.max(4096).optional(),
});

/** A server behind the gateway. */
export type BackendSettings = z.output<typeof backendSchema>;

const uniqueNames = (list: readonly { readonly name: string }[]): boolean =>
  new Set(list.map(({ name }) => name)).size === list.length;

/** A list of backends; empty while there are none yet. */
export const backendsSchema = z.array(backendSchema).max(1024).refine(uniqueNames, "expected names that differ");

const functionSchema = z
  .strictObject({
    /** Any HTTP address that answers an infer request. */
    url: address.optional(),
    /** An AWS Lambda function: its event is the infer request, its result the answer. */
    lambda: z
      .strictObject({
        functionName: z.string().min(1).max(256),
        region: z.string().min(1).optional(),
        /** Where the Lambda API is, if not at AWS. */
        endpoint: address.optional(),
      })
      .optional(),
    maxConcurrency: count.max(100_000).default(100),
  })
  .refine(({ url, lambda }) => (url === undefined) !== (lambda === undefined), "expected either url or lambda");

/** Where requests are offloaded to. */
export type FunctionSettings = z.output<typeof functionSchema>;

const modelSchema = z.strictObject({
  name: word,
  backends: backendsSchema.default([]),
  function: functionSchema.optional(),
  configuration: modelConfigurationSchema.prefault({}),
  /** Requests that wait at once; more are refused. */
  queueLimit: count.max(1_000_000).default(1024),
  /** From arrival to answer, where a request does not say. */
  deadlineMs: milliseconds.positive().max(3_600_000).default(30_000),
  /** A batch a backend has not answered by then has failed there. */
  backendTimeoutMs: milliseconds.positive().max(3_600_000).default(10_000),
  /** Whether serving a request twice does no harm, where a request does not say. */
  idempotent: z.boolean().default(false),
  /** Further attempts of an idempotent request that may have reached a backend. */
  retries: z.number().int().nonnegative().max(10).default(2),
  /** What a backend that failed is asked until it answers 200; null where it has no such address. */
  readyPath: z.string().startsWith("/").nullable().default("/v2/health/ready"),
  probeEveryMs: milliseconds.positive().default(500),
});

/** A model, its backends and its limits. */
export type ModelSettings = z.output<typeof modelSchema>;

const listener = (port: number) =>
  z
    .strictObject({
      host: z.string().min(1).default("127.0.0.1"),
      /** 0 for any that is free. */
      port: z.number().int().min(0).max(65_535).default(port),
      /** Variable that holds the token requests must bear. */
      tokenEnv: z.string().min(1).optional(),
    })
    .prefault({});

const gatewaySchema = z.strictObject({
  listen: listener(8000),
  /** Knobs, telemetry and metrics. */
  admin: listener(8001),
  limits: z
    .strictObject({
      maxBodyBytes: count.default(16 << 20),
      maxAnswerBytes: count.default(64 << 20),
      /** Of all requests that wait or are under way. */
      maxHeldBytes: count.default(512 << 20),
    })
    .prefault({}),
  models: z.array(modelSchema).min(1).max(256).refine(uniqueNames, "expected names that differ"),
});

/** A checked gateway file, defaults filled in. */
export type GatewaySettings = z.output<typeof gatewaySchema>;

/** Checks what a gateway is told. @throws {ConfigError} naming each key that does not fit */
export function parseGatewaySettings(value: unknown, source: string): GatewaySettings {
  const parsed = gatewaySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(source, fieldIssues(parsed.error, value));
}

/** Reads a gateway file. @throws {ConfigError} when it is missing, no YAML, or a key does not fit */
export async function readGatewaySettings(path: string): Promise<GatewaySettings> {
  let value: unknown;
  try {
    value = parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ConfigError(path, [{ path: "(root)", expected: "a readable YAML file", found: String(cause) }], {
      cause,
    });
  }
  return parseGatewaySettings(value, path);
}
