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

/**
 * Share of spot instances reclaimed in a month, the upper end of each band of the AWS Spot Instance Advisor:
 * under 5 %, 5-10 %, 10-15 %, 15-20 %, over 20 % (taken as 25 %).
 */
const RECLAIMED_PER_MONTH = [0.05, 0.1, 0.15, 0.2, 0.25];
const HOURS_PER_MONTH = 730;

/** A saving over on-demand and a band of interruption, as the Spot Instance Advisor tells them. */
interface Spot {
  readonly saving: number;
  readonly band: number;
}

function vm(name: string, vcpus: number, memoryGib: number, usdPerHour: number, spot: Spot, gpus = 0): InstanceType {
  return {
    name,
    kind: "vm",
    vcpus,
    memoryGib,
    gpus,
    usdPerHour,
    spotPriceRatio: Math.round(100 * (1 - spot.saving)) / 100,
    spotInterruptionsPerHour: (RECLAIMED_PER_MONTH[spot.band] ?? 0.25) / HOURS_PER_MONTH,
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

/** The c5 family, whose on-demand prices have not changed since its launch in November 2017. */
function c5(): InstanceType[] {
  return [
    vm("c5.large", 2, 4, 0.085, { saving: 0.59, band: 0 }),
    vm("c5.xlarge", 4, 8, 0.17, { saving: 0.56, band: 0 }),
    vm("c5.2xlarge", 8, 16, 0.34, { saving: 0.56, band: 1 }),
    vm("c5.4xlarge", 16, 32, 0.68, { saving: 0.66, band: 4 }),
  ];
}

/** Every price list the project knows, newest first. */
export const priceSets: readonly PriceSet[] = [
  {
    name: "aws-us-east-1-2026-07",
    region: "us-east-1",
    date: "2026-07",
    source:
      "AWS public on-demand list prices, Linux, us-east-1, of 20 July 2026; Fargate and Lambda pricing pages; " +
      "spot savings and interruption bands of the Spot Instance Advisor, July 2025",
    instances: [
      ...c5(),
      vm("c6i.large", 2, 4, 0.085, { saving: 0.63, band: 1 }),
      vm("c6i.2xlarge", 8, 16, 0.34, { saving: 0.51, band: 1 }),
      vm("m5.large", 2, 8, 0.096, { saving: 0.66, band: 3 }),
      vm("m5.xlarge", 4, 16, 0.192, { saving: 0.66, band: 4 }),
      vm("p2.xlarge", 4, 61, 0.9, { saving: 0.65, band: 4 }, 1),
      vm("p3.2xlarge", 8, 61, 3.06, { saving: 0.8, band: 4 }, 1),
      vm("g4dn.xlarge", 4, 16, 0.526, { saving: 0.64, band: 3 }, 1),
      vm("g4dn.2xlarge", 8, 32, 0.752, { saving: 0.61, band: 4 }, 1),
      vm("g5.xlarge", 4, 16, 1.006, { saving: 0.59, band: 4 }, 1),
      vm("g6.xlarge", 4, 16, 0.8048, { saving: 0.49, band: 4 }, 1),
      vm("p4d.24xlarge", 96, 1152, 21.957642, { saving: 0.67, band: 2 }, 8),
      vm("p5.48xlarge", 192, 2048, 55.04, { saving: 0.52, band: 4 }, 8),
      container(1, 2, 0.04048, 0.004445),
      container(2, 4, 0.04048, 0.004445),
      container(4, 8, 0.04048, 0.004445),
    ],
    function: lambda(1, 10_240),
  },
  {
    name: "aws-us-east-1-2018",
    region: "us-east-1",
    date: "2018-07",
    source:
      "AWS list prices as MArk (ATC 2019, table 2) used them; Fargate before its cut of January 2019; " +
      "spot as in the Spot Instance Advisor of July 2025, for want of an older one",
    instances: [...c5(), vm("p2.xlarge", 4, 61, 0.9, { saving: 0.65, band: 4 }, 1), container(2, 4, 0.0506, 0.0127)],
    function: lambda(100, 3008),
  },
];
