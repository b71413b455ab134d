// Dated price lists: what a machine or a call cost where and when, each with its source.

import type { BillingRule, DurationSpec, FunctionType, InstanceType } from "../core/index.ts";

/** Public list prices of one region on one day. */
export interface PriceSet {
  readonly name: string;
  readonly region: string;
  /** Day or month the prices were in force. */
  readonly date: string;
  readonly source: string;
  readonly instances: readonly InstanceType[];
  readonly function: FunctionType;
}

/**
 * Order to first request: boot, image pull and model load. MArk (Zhang et al., ATC 2019) measures two to three minutes for
 * its VMs; billed in full, since the machine runs while the model loads.
 */
const VM_LAUNCH: DurationSpec = { uniform: [100, 180] };
/** A task on a warm container service, image cached: half a minute to a minute. */
const CONTAINER_LAUNCH: DurationSpec = { uniform: [30, 60] };
/** AWS bills Linux machines and Fargate tasks by the second with one minute at least, since October 2017. */
const PER_SECOND: BillingRule = { incrementS: 1, minimumS: 60, launchBilled: true };
/** Long-run spot saving of the c5 and g4dn families, 2019 to 2026: a little under 60 %. */
const SPOT_PRICE_RATIO = 0.41;
/** The advisor's lowest band, below 5 % a month, taken at its upper end. */
const SPOT_INTERRUPTIONS_PER_HOUR = 0.05 / 730;

function vm(name: string, vcpus: number, memoryGib: number, usdPerHour: number, gpus = 0): InstanceType {
  return {
    name,
    kind: "vm",
    vcpus,
    memoryGib,
    gpus,
    usdPerHour,
    spotPriceRatio: SPOT_PRICE_RATIO,
    spotInterruptionsPerHour: SPOT_INTERRUPTIONS_PER_HOUR,
    launchS: VM_LAUNCH,
    billing: PER_SECOND,
  };
}

/** Fargate: a price per vCPU and per GB. */
function container(vcpus: number, memoryGib: number, usdPerVcpuHour: number, usdPerGbHour: number): InstanceType {
  return {
    name: `container.${vcpus}vcpu-${memoryGib}gb`,
    kind: "container",
    vcpus,
    memoryGib,
    gpus: 0,
    usdPerHour: vcpus * usdPerVcpuHour + memoryGib * usdPerGbHour,
    spotPriceRatio: null,
    spotInterruptionsPerHour: 0,
    launchS: CONTAINER_LAUNCH,
    billing: PER_SECOND,
  };
}

/** AWS Lambda on x86: $0.20 per million calls; cold starts of ML runtimes 0.5 to 3 s, kept warm ten minutes. */
function lambda(billingIncrementMs: number, maxMemoryMb: number): FunctionType {
  return {
    name: "lambda",
    usdPerGbS: 0.0000166667,
    usdPerRequest: 0.2e-6,
    billingIncrementMs,
    memoryMb: { min: 128, max: maxMemoryMb, mbPerVcpu: 1769 },
    coldStartS: { uniform: [0.5, 3] },
    keepAliveS: 600,
    concurrencyLimit: 1000,
  };
}

/** Every price list the project knows, newest first. */
export const priceSets: readonly PriceSet[] = [
  {
    name: "aws-us-east-1-2026-07",
    region: "us-east-1",
    date: "2026-07",
    source: "AWS public on-demand list prices, Linux, us-east-1; Fargate and Lambda pricing pages; read July 2026",
    instances: [
      vm("c5.large", 2, 4, 0.085),
      vm("c5.xlarge", 4, 8, 0.17),
      vm("c5.2xlarge", 8, 16, 0.34),
      vm("c5.4xlarge", 16, 32, 0.68),
      vm("c6i.2xlarge", 8, 16, 0.34),
      vm("m5.xlarge", 4, 16, 0.192),
      vm("p2.xlarge", 4, 61, 0.9, 1),
      vm("p3.2xlarge", 8, 61, 3.06, 1),
      vm("g4dn.xlarge", 4, 16, 0.526, 1),
      vm("g4dn.2xlarge", 8, 32, 0.752, 1),
      vm("g5.xlarge", 4, 16, 1.006, 1),
      container(2, 4, 0.04048, 0.004445),
    ],
    function: lambda(1, 10_240),
  },
  {
    name: "aws-us-east-1-2018",
    region: "us-east-1",
    date: "2018-07",
    source: "AWS list prices as MArk (ATC 2019, table 2) used them; Fargate before its cut of January 2019",
    instances: [
      vm("c5.large", 2, 4, 0.085),
      vm("c5.xlarge", 4, 8, 0.17),
      vm("c5.2xlarge", 8, 16, 0.34),
      vm("c5.4xlarge", 16, 32, 0.68),
      vm("p2.xlarge", 4, 61, 0.9, 1),
      container(2, 4, 0.0506, 0.0127),
    ],
    function: lambda(100, 3008),
  },
];
