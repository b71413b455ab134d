// The service: store, clusters, trainings, environments and the application over them, opened and closed as one.

import type { Express } from "express";
import type { Logger } from "pino";
import type { LoadedCluster } from "../../environments/index.ts";
import { systemClock } from "../clusters/index.ts";
import { secret } from "../config.ts";
import type { LoopEvent } from "../control/index.ts";
import type { DecisionRecord, Mode } from "../core/index.ts";
import { openStore } from "../store/index.ts";
import { counterfactualHost } from "../training/index.ts";
import { createApp, type Services } from "./app.ts";
import type { EmbeddedOptions } from "./cluster-source.ts";
import { Timelines } from "./cluster-timeline.ts";
import { Clusters } from "./clusters.ts";
import { DesiredState } from "./desired.ts";
import { EventStreams } from "./events.ts";
import { Feed } from "./feed.ts";
import { Instances } from "./instances.ts";
import { ExternalScaler } from "./keda/scaler.ts";
import { Metrics } from "./metrics.ts";
import { Policies } from "./policies.ts";
import { SavingsBook } from "./savings.ts";
import { Scenarios } from "./scenarios.ts";
import { Trainings } from "./trainings.ts";
import { WebFiles } from "./web-files.ts";

/** What a page needs of a decision to know that it should look. */
function newsOf({ id, timeS, outcome, actor, mode, trust, reason }: DecisionRecord) {
  return { id, timeS, outcome, actor, mode, trust, reason };
}

/** What a service is opened with. */
export interface ServiceOptions {
  readonly storeFolder: string;
  readonly version: string;
  readonly dataFolder: string | null;
  readonly token: string | null;
  readonly log: Logger;
  /** The embedded cluster; null for none. */
  readonly cluster: EmbeddedOptions | null;
  /** Cluster files to attach beside what the store remembers; none when absent. */
  readonly files?: readonly LoadedCluster[];
  /** The operator's word on the mode of those files; null leaves it to store and file. */
  readonly mode?: Mode | null;
  /** Whether metrics tell of the process too. */
  readonly processMetrics: boolean;
  /** Called with every event of a cluster's loop. */
  readonly onEvent?: (cluster: string, event: LoopEvent) => void;
}

/** An open service. */
export interface Service {
  readonly app: Express;
  readonly services: Services;
  /** KEDA's external scaler, for a gRPC server. */
  readonly scaler: ExternalScaler;
  /** Not ready from now on: tells whoever routes requests here. */
  drain(): void;
  /** Stops the loops, keeps what was learnt, stops trainings and closes the store. May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens a store and everything over it. Loops run when the promise resolves.
 * @throws {StoreError} when the store is damaged or in use
 * @throws {ConfigError} when it was made for another scenario
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { log, version, dataFolder, token } = options;
  const nowIso = (): string => new Date().toISOString();
  const store = await openStore(options.storeFolder);
  const scenarios = new Scenarios(dataFolder);
  const feed = new Feed();
  const trainings = new Trainings(store, scenarios, dataFolder, nowIso, {
    onChange: (entry) => feed.publish({ topic: `training ${entry.id}`, event: "training", data: entry }),
    onError: (error) => log.error({ err: error }, "the end of a training could not be kept"),
  });
  const metrics = new Metrics({ version, process: options.processMetrics, runningTrainings: () => trainings.running });
  const listener = {
    onEvent: (cluster: string, event: LoopEvent): void => {
      metrics.loop(cluster, event);
      desired.note(cluster, event);
      if (event.type === "error") log.error({ err: event.error, cluster }, "the control loop goes on without");
      if (event.type === "decision")
        feed.publish({ topic: `cluster ${cluster}`, event: "cluster", data: { cluster, ...newsOf(event.record) } });
      options.onEvent?.(cluster, event);
    },
    onError: (cluster: string, error: unknown): void => log.error({ err: error, cluster }, "a pass failed"),
  };
  const clusters: Clusters = new Clusters(store, scenarios, { variable: secret, clock: systemClock }, listener);
  const desired = new DesiredState(clusters, () => Date.now());
  const scaler = new ExternalScaler(
    desired,
    (cluster) => clusters.get(cluster).loop.status().lastDecision?.observation?.metrics ?? null,
    (error) => log.error({ err: error }, "a call of the scaler failed"),
  );
  const instances = new Instances(scenarios);
  const streams = new EventStreams();
  let draining = false;
  const health = {
    checks: () => ({
      draining: draining ? "the service is about to stop" : null,
      ...Object.fromEntries([...clusters.faults()].map(([name, fault]) => [`cluster ${name}`, fault] as const)),
    }),
  };
  const policies = new Policies(store, clusters, scenarios);
  const timelines = new Timelines();
  const savings = new SavingsBook(timelines, counterfactualHost(), dataFolder, () => Date.now());
  const services = {
    version,
    scenarios,
    instances,
    trainings,
    policies,
    clusters,
    desired,
    metrics,
    health,
    streams,
    insight: { timelines, savings, feed },
    web: new WebFiles(),
    token,
    log,
  };
  let closing: Promise<void> | null = null;
  const drain = (): void => {
    draining = true;
    streams.close();
  };
  const close = async (): Promise<void> => {
    drain();
    await clusters.close();
    await savings.close();
    await trainings.close();
    await instances.close();
    await store.close();
  };
  let app: Express;
  try {
    app = createApp(services);
    await trainings.settleInterrupted();
    if (options.cluster !== null) await clusters.attachEmbedded(options.cluster);
    const { files = [], mode = null } = options;
    for (const file of files) await clusters.attach(file, { reachNow: false, mode });
    await clusters.attachStored();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    app,
    services,
    scaler,
    drain,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
