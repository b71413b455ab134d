// Stands in for the part of Kubernetes that runs containers: it brings about what a workload's object wants, after a
// while, by turning a model server, and says so in the object's status. The API server itself is real.

import { setTimeout as sleep } from "node:timers/promises";
import { PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { z } from "zod";
import { type KubernetesServer, workload } from "./kubernetes-server.ts";
import type { ModelServer } from "./model-server.ts";

/** From a change of the object to replicas that are ready. */
const ROLLOUT_MS = 500;

const POLL_MS = 100;

const objectSchema = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({
    replicas: z.number(),
    containers: z.array(z.object({ name: z.string(), env: z.array(z.object({ value: z.string() })).default([]) })),
  }),
  status: z.object({ observedGeneration: z.number().optional() }).optional(),
});

/** Carries out changes of the workload until stopped. */
export class WorkloadController {
  /** Sees changes and does nothing. */
  deaf = false;
  /** Generations of the object carried out so far. */
  rollouts = 0;
  readonly #server: KubernetesServer;
  readonly #model: ModelServer;
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(server: KubernetesServer, model: ModelServer) {
    this.#server = server;
    this.#model = model;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#reconcile();
      await sleep(POLL_MS);
    }
  }

  async #reconcile(): Promise<void> {
    const { objects } = this.#server;
    const { metadata, spec, status } = objectSchema.parse(await objects.getNamespacedCustomObject(workload));
    if (this.deaf || status?.observedGeneration === metadata.generation) return;
    await sleep(ROLLOUT_MS);
    const batch = spec.containers.find(({ name }) => name === "server")?.env[0]?.value;
    this.#model.knobs = { concurrency: spec.replicas, maxBatchSize: Number(batch) };
    const { replicas } = spec;
    const body = {
      status: { observedGeneration: metadata.generation, replicas, readyReplicas: replicas, updatedReplicas: replicas },
    };
    const headers = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
    await objects.patchNamespacedCustomObjectStatus({ ...workload, body }, headers);
    this.rollouts += 1;
  }
}
