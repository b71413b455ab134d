// Profiles in closed form: constant, linear in batch size, and Amdahl's law with batch.
//
// linear: s(b) = base + perItem·b        Amdahl: s(b, r) = λ·b·(α/r + β) + γ
// r is the number of cores: threads, tensor parallelism, or memory over the memory that buys one core.
// Source of the Amdahl form: "SMIless" (SC'24), inference time per function and device.

import type { ServicePoint, ServiceProfile } from "./service-profile.ts";

/** Parameters of s(b, r) = lambda·b·(alphaMs/r + betaMs) + gammaMs. */
export interface Amdahl {
  readonly lambda: number;
  /** Work per item that cores share. */
  readonly alphaMs: number;
  /** Work per item that they do not. */
  readonly betaMs: number;
  /** Per batch, whatever its size. */
  readonly gammaMs: number;
  /** Memory that buys one core; cores come from threads or tensor parallelism when absent. */
  readonly mbPerCore?: number | undefined;
  /** Cores where a point names none; 1 when absent. */
  readonly defaultCores?: number | undefined;
}

/** Parameters of s(b) = baseMs + perItemMs·b. */
export interface Linear {
  readonly baseMs: number;
  readonly perItemMs: number;
}

/** The same service time for every batch. */
export function constantProfile(serviceMs: number, name = "constant"): ServiceProfile {
  return { name, serviceMs: () => serviceMs };
}

/** Service time that grows by the same amount with every item of a batch. */
export function linearProfile({ baseMs, perItemMs }: Linear, name = "linear"): ServiceProfile {
  return { name, serviceMs: ({ batch }) => baseMs + perItemMs * batch };
}

/** Cores a point stands for under Amdahl's law: bought by memory where both are known, else threads or parallelism. */
export function coresOf(point: ServicePoint, amdahl: Pick<Amdahl, "mbPerCore" | "defaultCores">): number {
  if (amdahl.mbPerCore !== undefined && point.memoryMb !== undefined) return point.memoryMb / amdahl.mbPerCore;
  return point.intraOpThreads ?? point.tensorParallel ?? amdahl.defaultCores ?? 1;
}

/** Service time by Amdahl's law, proportional to the batch but for a fixed part. */
export function amdahlProfile(amdahl: Amdahl, name = "amdahl"): ServiceProfile {
  const { lambda, alphaMs, betaMs, gammaMs } = amdahl;
  return {
    name,
    serviceMs: (point) => lambda * point.batch * (alphaMs / coresOf(point, amdahl) + betaMs) + gammaMs,
  };
}
