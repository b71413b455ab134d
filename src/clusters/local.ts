// Model servers on this machine that do real inference behind our gateway, each in a process of its own.
//
// `concurrency` is the number of servers and `intraOpThreads` what each computes a batch with: changing them starts
// servers anew, and requests go on meanwhile. Batch size and delay are the gateway's. With `load` it is its own client.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  ActuationError,
  type ClusterAdapter,
  type ClusterState,
  type Configuration,
  History,
  type Knob,
  type Trial,
} from "../core/index.ts";
import { type BackendSettings, modelConfigurationSchema } from "../gateway/index.ts";
import { openWorkload, workloadSchema } from "../workload/index.ts";
import { type AdapterContext, adapterEntry, type KnobActuation } from "./adapter-entry.ts";
import { GatewayClient, GatewayWindows, gatewayOptionsSchema } from "./gateway.ts";
import { EmbeddedLoad, EndlessArrivals } from "./local/load-generator.ts";
import { endProcess, type LocalProcess, startProcess } from "./local/process.ts";
import { Workers } from "./local/workers.ts";
import { refuseSplit, refuseUnoffered } from "./offered.ts";

/** What a cluster file may say of a local cluster. */
export const localOptionsSchema = z.strictObject({
  /** Of the model's weights. */
  seed: z.number().int().nonnegative().default(1),
  /** Requests it sends to itself; without it somebody else must. */
  load: z
    .strictObject({
      workload: workloadSchema,
      /** Seconds of the workload in one. */
      speed: z.number().positive().finite().default(1),
      seed: z.number().int().nonnegative().default(1),
    })
    .optional(),
  /** From arrival to answer. */
  deadlineMs: z.number().positive().default(10_000),
  /** For an answer of the gateway's admin side. */
  timeoutMs: z.number().int().positive().default(10_000),
});

/** What a cluster file says of a local cluster. */
export type LocalOptions = z.output<typeof localOptionsSchema>;

const actuations: Readonly<Record<string, KnobActuation>> = {
  concurrency: { class: "restart", delayS: 3, decideEveryS: 0 },
  intraOpThreads: { class: "restart", delayS: 3, decideEveryS: 0 },
  maxBatchSize: { class: "hot", delayS: 0, decideEveryS: 0 },
  maxBatchDelayMs: { class: "hot", delayS: 0, decideEveryS: 0 },
};

function numberOf(configuration: Configuration, knob: string, otherwise: number): number {
  const value = configuration[knob];
  return typeof value === "number" ? value : otherwise;
}

/** The part of a configuration that is the gateway's. Each server takes one batch at a time. */
function batching(configuration: Configuration) {
  return modelConfigurationSchema.parse({
    concurrency: 1,
    maxBatchSize: numberOf(configuration, "maxBatchSize", 1),
    maxBatchDelayMs: numberOf(configuration, "maxBatchDelayMs", 0),
  });
}

/** What a cluster starts with: what its file says, and the knobs' first values. */
function firstOf({ knobs, initial }: AdapterContext): Configuration {
  return { ...Object.fromEntries(knobs.map(({ name, values }) => [name, values[0] ?? 0])), ...initial };
}

async function startGateway(folder: string, deadlineMs: number): Promise<LocalProcess> {
  const path = join(folder, "gateway.yaml");
  // A model is a pure function of its input, so that a server that ends costs no request.
  const model = { name: "mlp", deadlineMs, idempotent: true, queueLimit: 10_000 };
  await writeFile(path, JSON.stringify({ listen: { port: 0 }, admin: { port: 0 }, models: [model] }));
  const ready = /listening on (\S+)\s+admin on (\S+)/;
  return startProcess("src/cli/main.ts", ["gateway", "--config", path], ready);
}

/** A cluster of processes on this machine. */
export class LocalCluster implements ClusterAdapter {
  readonly knobs: readonly Knob[];
  /** Where requests go. */
  readonly url: string;
  readonly #context: AdapterContext;
  readonly #folder: string;
  readonly #gateway: LocalProcess;
  readonly #client: GatewayClient;
  readonly #workers: Workers;
  readonly #windows: GatewayWindows;
  readonly #history = new History();
  #load: EmbeddedLoad | null = null;
  #running: Configuration;
  #trial: Configuration | null = null;
  /** Changes happen one after another. */
  #changing: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    context: AdapterContext,
    folder: string,
    gateway: LocalProcess,
    client: GatewayClient,
    windows: GatewayWindows,
    workers: Workers,
  ) {
    this.knobs = context.knobs;
    this.url = gateway.ready[1] ?? "";
    this.#context = context;
    this.#folder = folder;
    this.#gateway = gateway;
    this.#client = client;
    this.#windows = windows;
    this.#workers = workers;
    this.#running = firstOf(context);
  }

  /** Starts its processes, in the configuration they start with. @throws {Error} when one does not start */
  static async start(options: LocalOptions, context: AdapterContext): Promise<LocalCluster> {
    const folder = await mkdtemp(join(tmpdir(), "trimtab-local-"));
    const gateway = await startGateway(folder, options.deadlineMs);
    const endpoint = gateway.ready[2] ?? "";
    const client = new GatewayClient(
      gatewayOptionsSchema.parse({ endpoint, model: "mlp", timeoutMs: options.timeoutMs }),
      null,
    );
    const announce = (backends: readonly BackendSettings[]): Promise<void> => client.put("backends", backends);
    const workers = new Workers(options.seed, announce, (error) => process.emitWarning(String(error)));
    try {
      const windows = await GatewayWindows.begin(client, context, { usdPerSecond: 0, usdPerCall: 0 });
      const cluster = new LocalCluster(context, folder, gateway, client, windows, workers);
      await cluster.apply(firstOf(context));
      await cluster.#startLoad(options.load);
      await cluster.#windows.next(() => 0);
      return cluster;
    } catch (error) {
      await workers.close();
      await endProcess(gateway);
      throw error;
    }
  }

  /** The inference runtime its servers use. */
  get runtime(): string {
    return this.#workers.runtime ?? "none";
  }

  /** Of the gateway's process. */
  get gatewayPid(): number | undefined {
    return this.#gateway.child.pid;
  }

  async observe(): Promise<ClusterState> {
    const committed = this.#context.committedUsdPerHour(this.#trial ?? this.#running);
    const { timeS, metrics, canary, told } = await this.#windows.next(() => committed);
    const { known, ready } = told.backends;
    return {
      timeS,
      metrics,
      fleet: { worker: { ready, launching: Math.max(0, known - ready), draining: 0, spot: 0 } },
      configuration: this.#running,
      inFlight: null,
      canary: canary === null || this.#trial === null ? null : { ...canary, configuration: this.#trial },
      forecast: null,
      mask: null,
      history: this.#history.add(timeS, metrics, this.#running),
    };
  }

  /** Resolves when the change is in force: servers have been started where it takes other ones. */
  async apply(configuration: Configuration, trial?: Trial): Promise<void> {
    refuseUnoffered(this.knobs, configuration);
    refuseSplit(trial);
    const wanted = { ...this.#running, ...configuration };
    const change = this.#changing.then(() => this.#change(wanted, trial !== undefined));
    this.#changing = change.catch(() => undefined);
    return change;
  }

  advance(seconds: number): Promise<void> {
    return this.#context.clock.sleep(seconds * 1000);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#load?.close();
    await this.#changing;
    await endProcess(this.#gateway);
    await this.#workers.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #change(wanted: Configuration, onTrial: boolean): Promise<void> {
    try {
      await this.#workers.become({
        count: numberOf(wanted, "concurrency", 1),
        threads: numberOf(wanted, "intraOpThreads", 1),
      });
    } catch (cause) {
      const left = cause instanceof ActuationError ? cause.left : "unchanged";
      throw new ActuationError(`local: servers: ${String(cause)}`, { cause, left });
    }
    const canary = onTrial ? { share: 1, configuration: batching(wanted) } : null;
    await this.#client.put("configuration", { configuration: batching(onTrial ? this.#running : wanted), canary });
    this.#trial = onTrial ? wanted : null;
    if (!onTrial) this.#running = wanted;
  }

  async #startLoad(load: LocalOptions["load"]): Promise<void> {
    if (load === undefined) return;
    const workload = await openWorkload(load.workload, { baseFolder: process.cwd(), dataFolder: null });
    this.#load = await EmbeddedLoad.start(new EndlessArrivals(workload, load.speed, load.seed), this.url);
  }
}

/** Real inference on this machine. */
export const local = adapterEntry({
  name: "local",
  summary: "model servers on this machine that do real inference behind our gateway, and their own load if asked",
  writing: "whole",
  credentials: [],
  options: localOptionsSchema,
  actuation: (knob) => actuations[knob] ?? null,
  open: (options, context) => LocalCluster.start(options, context),
});
