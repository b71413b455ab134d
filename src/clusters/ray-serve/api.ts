// What Ray's dashboard is asked of Serve: the applications and how they are, one deployment's replicas, and the
// configuration they were all deployed by.

import { z } from "zod";
import { ActuationError, type Configuration, ObservationError } from "../../core/index.ts";
import { quoted, type ServerAnswer, type ServerRequest, ServerUnreachable } from "../request.ts";
import type { ServerClient } from "../server-client.ts";

const APPLICATIONS = "api/serve/applications/";

/** What Ray puts in the place of secrets for whom it takes for a browser. */
const REDACTED = "<redacted>";

/** By name, as the user's code understands it. */
export type UserConfig = Readonly<Record<string, unknown>>;

const userConfigSchema = z.record(z.string(), z.unknown()).nullish();

/** The part of a deployment's configuration that is turned; the rest is sent back as it came. */
const overrideSchema = z.looseObject({ name: z.string(), user_config: userConfigSchema });

const applicationConfigSchema = z.looseObject({ name: z.string(), deployments: z.array(overrideSchema).default([]) });

const deploymentSchema = z.object({
  status: z.string(),
  message: z.string().default(""),
  target_num_replicas: z.number().int().nonnegative(),
  deployment_config: z.object({
    max_ongoing_requests: z.number().int().positive(),
    user_config: userConfigSchema,
    autoscaling_config: z.unknown().optional(),
  }),
  replicas: z.array(z.object({ state: z.string() })),
});

const detailsSchema = z.object({
  proxy_location: z.string().nullish(),
  http_options: z.unknown().optional(),
  grpc_options: z.unknown().optional(),
  target_capacity: z.number().nullish(),
  applications: z.record(
    z.string(),
    z.object({
      status: z.string(),
      source: z.string().optional(),
      external_scaler_enabled: z.boolean().default(false),
      deployed_app_config: applicationConfigSchema.nullish(),
      deployments: z.record(z.string(), deploymentSchema).default({}),
    }),
  ),
});

type Details = z.output<typeof detailsSchema>;

/** A deployment, its application, and all of Serve around them, at one moment. */
export interface DeploymentReading {
  readonly details: Details;
  readonly application: Details["applications"][string];
  readonly deployment: z.output<typeof deploymentSchema>;
  /** What its replicas are to be configured with. */
  readonly userConfig: UserConfig;
}

/** What of a deployment is to change. */
export interface DeploymentChange {
  readonly replicas: number;
  readonly userConfig: UserConfig;
}

/** One deployment behind a dashboard. */
export class ServeApi {
  readonly #client: ServerClient;
  readonly #application: string;
  readonly #deployment: string;

  constructor(client: ServerClient, application: string, deployment: string) {
    this.#client = client;
    this.#application = application;
    this.#deployment = deployment;
  }

  /** For messages. */
  get place(): string {
    return `${this.#application}/${this.#deployment}`;
  }

  /** @throws {ObservationError} when it cannot be read, or there is no such deployment */
  async read(): Promise<DeploymentReading> {
    const details = await this.#client.readJson(APPLICATIONS, detailsSchema);
    const application = details.applications[this.#application];
    const deployment = application?.deployments[this.#deployment];
    if (application === undefined || deployment === undefined) {
      const found =
        application === undefined ? Object.keys(details.applications) : Object.keys(application.deployments);
      throw new ObservationError(
        `${this.#client.endpoint}: ${this.place}: expected it deployed, found ${found.join(", ") || "nothing"}`,
      );
    }
    const overridden = application.deployed_app_config?.deployments.find(({ name }) => name === this.#deployment);
    const userConfig = overridden?.user_config ?? deployment.deployment_config.user_config ?? {};
    return { details, application, deployment, userConfig };
  }

  /** By the call made for scalers, which leaves the configuration alone. @throws {ActuationError} */
  async scale(replicas: number): Promise<void> {
    const path = `api/v1/applications/${this.#application}/deployments/${this.#deployment}/scale`;
    await this.#write(path, { method: "POST", json: { target_num_replicas: replicas } });
  }

  /**
   * Deploys everything again as it was deployed but for the change: whatever such a configuration leaves out is deleted.
   * @throws {ActuationError}
   */
  async deploy({ details }: DeploymentReading, change: DeploymentChange): Promise<void> {
    const applications = Object.values(details.applications).flatMap(({ deployed_app_config: config }) => config ?? []);
    if (!applications.some(({ name }) => name === this.#application)) {
      throw new ActuationError(
        `${this.place}: expected an application deployed by a config file, found one deployed by code`,
      );
    }
    const { proxy_location, http_options, grpc_options, target_capacity } = details;
    const json = {
      ...(proxy_location ? { proxy_location } : {}),
      ...(http_options ? { http_options } : {}),
      ...(grpc_options ? { grpc_options } : {}),
      target_capacity: target_capacity ?? null,
      applications: applications.map((config) =>
        config.name === this.#application ? this.#changed(config, change) : config,
      ),
    };
    if (JSON.stringify(json).includes(REDACTED)) {
      throw new ActuationError(`${this.place}: expected the configuration with its secrets, found them ${REDACTED}`);
    }
    await this.#write(APPLICATIONS, { method: "PUT", json });
  }

  #changed(config: z.output<typeof applicationConfigSchema>, { replicas, userConfig }: DeploymentChange) {
    const { deployments } = config;
    const now = deployments.find(({ name }) => name === this.#deployment) ?? { name: this.#deployment };
    const changed = { ...now, num_replicas: replicas, user_config: userConfig };
    return { ...config, deployments: [...deployments.filter(({ name }) => name !== this.#deployment), changed] };
  }

  async #write(path: string, request: ServerRequest): Promise<void> {
    let answer: ServerAnswer;
    try {
      answer = await this.#client.ask(path, request);
    } catch (cause) {
      if (!(cause instanceof ServerUnreachable)) throw cause;
      throw new ActuationError(cause.message, { cause, left: "unknown" });
    }
    if (answer.status === 200) return;
    throw new ActuationError(`${this.#client.endpoint} ${path}: expected 200, found ${quoted(answer)}`);
  }
}

/** Whether two user configurations say the same. */
export function sameUserConfig(a: UserConfig, b: UserConfig): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]));
}

/** How many replicas a configuration asks for. */
export function replicasOf({ replicas }: Configuration, otherwise: number): number {
  return typeof replicas === "number" ? replicas : otherwise;
}
