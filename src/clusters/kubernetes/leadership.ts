// Who may change a workload where several services watch it: whoever holds its Lease, as Kubernetes' own controllers do.
//
// A lease not renewed for its duration is anybody's. Who is quicker is decided by the API server: a lease is replaced
// only in the version that was read.

import type { V1Lease } from "@kubernetes/client-node";
import { ActuationError } from "../../core/index.ts";
import type { Clock } from "../adapter-entry.ts";
import { ApiRefusal, type KubernetesApi } from "./api.ts";

/** Which lease, and for whom. */
export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  readonly durationS: number;
  /** Of this service; no two are the same. */
  readonly holder: string;
}

/** One service's claim to a lease. */
export class Leadership {
  readonly #api: KubernetesApi;
  readonly #options: LeaseOptions;
  readonly #clock: Clock;
  #held = false;

  constructor(api: KubernetesApi, options: LeaseOptions, clock: Clock) {
    this.#api = api;
    this.#options = options;
    this.#clock = clock;
  }

  /** Takes or renews the lease. @throws {ActuationError} naming who holds it */
  async claim(): Promise<void> {
    const { namespace, name, holder } = this.#options;
    const lease = await this.#api.readLease(namespace, name);
    const other = this.#holderOf(lease);
    if (other !== null && other !== holder) {
      this.#held = false;
      throw new ActuationError(`lease ${namespace}/${name}: expected to hold it, found it held by ${other}`);
    }
    try {
      await this.#api.writeLease(namespace, name, this.#claimed(lease));
      this.#held = true;
    } catch (cause) {
      this.#held = false;
      if (!(cause instanceof ApiRefusal) || cause.status !== 409) throw cause;
      throw new ActuationError(`lease ${namespace}/${name}: expected to hold it, found another quicker`, { cause });
    }
  }

  /** Renews the lease where it is held. */
  async renew(): Promise<void> {
    if (this.#held) await this.claim();
  }

  /** Gives the lease up where it is held. */
  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    const { namespace, name, holder } = this.#options;
    const lease = await this.#api.readLease(namespace, name);
    if (lease?.spec?.holderIdentity !== holder) return;
    const { holderIdentity: _, ...spec } = lease.spec;
    await this.#api.writeLease(namespace, name, { ...lease, spec });
  }

  /** Who holds it now; null when nobody does. */
  #holderOf(lease: V1Lease | null): string | null {
    const { holderIdentity, renewTime, leaseDurationSeconds = 0 } = lease?.spec ?? {};
    if (holderIdentity === undefined || holderIdentity === "" || renewTime === undefined) return null;
    const endMs = new Date(renewTime).getTime() + leaseDurationSeconds * 1000;
    return this.#clock.nowMs() < endMs ? holderIdentity : null;
  }

  #claimed(lease: V1Lease | null): V1Lease {
    const { namespace, name, holder, durationS } = this.#options;
    const before = lease?.spec;
    const same = before?.holderIdentity === holder;
    const now = this.#api.moment(this.#clock.nowMs());
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: lease?.metadata ?? { name, namespace },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: durationS,
        acquireTime: same && before?.acquireTime !== undefined ? before.acquireTime : now,
        renewTime: now,
        leaseTransitions: (before?.leaseTransitions ?? 0) + (same || lease === null ? 0 : 1),
      },
    };
  }
}
