// The profiles that ship: published single figures, and the assumption by which each becomes a curve.
//
// C. Zhang, M. Yu, W. Wang, F. Yan, "MArk" (ATC'19) publishes, per request: Inception-v3 210 ms on c5.large, 217 ms in
// a container of 2 vCPU and 4 GB, 380 ms in a function of 3008 MB; Inception-ResNet 398, 411 and 785 ms; OpenNMT 2180,
// 2280 and 3100 ms. Its prototype's configured capacities for Inception-v3, one request at a time on all vCPUs:
// c5.large 284, c5.xlarge 490, c5.2xlarge 771, c5.4xlarge 1080 requests a minute; p2.xlarge 415 batches of 8 a minute.

import type { Amdahl } from "./analytic-profile.ts";
import { amdahlProfile, linearProfile } from "./analytic-profile.ts";
import type { ServiceProfile } from "./service-profile.ts";
import { type ProfileRow, tableProfile } from "./table-profile.ts";

/** A profile that ships, with where it comes from. */
export interface NamedProfile {
  readonly name: string;
  /** Published figure. */
  readonly source: string;
  /** What the figure alone does not tell. */
  readonly assumption: string;
  readonly profile: ServiceProfile;
}

const MARK = "MArk (ATC'19)";
const PER_MINUTE_MS = 60_000;
/** AWS: a function gets one vCPU per this much memory. */
const MB_PER_VCPU = 1769;

/** Time of one Inception-v3 request on all vCPUs of a c5, by their number: 284, 490, 771 and 1080 a minute. */
const C5_REQUEST_MS: readonly (readonly [number, number])[] = [
  [2, PER_MINUTE_MS / 284],
  [4, PER_MINUTE_MS / 490],
  [8, PER_MINUTE_MS / 771],
  [16, PER_MINUTE_MS / 1080],
];

/**
 * Amdahl's law through those four: 356/r + 33.4 ms reproduces each within 0.2 %, so 91.4 % of the work of a request
 * on one core is shared by cores.
 */
const SHARED_MS = 356;
const SERIAL_MS = 33.4;

/** A request of `serviceMs` on `cores`, of the same shape over cores as Inception-v3 on c5, batches item by item. */
function likeInception(serviceMs: number, cores: number, mbPerCore?: number): Amdahl {
  const lambda = serviceMs / (SHARED_MS / cores + SERIAL_MS);
  return { lambda, alphaMs: SHARED_MS, betaMs: SERIAL_MS, gammaMs: 0, defaultCores: cores, mbPerCore };
}

const AS_INCEPTION = "over cores as Inception-v3 on c5 (91.4 % of the work shared); a batch takes its items' time";
const AS_MEMORY = `${AS_INCEPTION}; one vCPU per ${MB_PER_VCPU} MB`;

interface Entry {
  readonly name: string;
  readonly source: string;
  readonly assumption: string;
  readonly make: (name: string) => ServiceProfile;
}

function family(model: string, label: string, c5Ms: number | null, containerMs: number, functionMs: number): Entry[] {
  const onC5 =
    c5Ms === null
      ? []
      : [
          {
            name: `${model}-c5`,
            source: `${MARK}: ${label} ${c5Ms} ms on c5.large`,
            assumption: AS_INCEPTION,
            make: (name: string) => amdahlProfile(likeInception(c5Ms, 2), name),
          },
        ];
  return [
    ...onC5,
    {
      name: `${model}-container`,
      source: `${MARK}: ${label} ${containerMs} ms in a container of 2 vCPU and 4 GB`,
      assumption: AS_INCEPTION,
      make: (name: string) => amdahlProfile(likeInception(containerMs, 2), name),
    },
    {
      name: `${model}-fn`,
      source: `${MARK}: ${label} ${functionMs} ms in a function of 3008 MB`,
      assumption: AS_MEMORY,
      make: (name: string) => amdahlProfile(likeInception(functionMs, 3008 / MB_PER_VCPU, MB_PER_VCPU), name),
    },
  ];
}

/** Batches up to this are written out where a batch takes its items' time; beyond, the last slope goes on. */
const TABLE_BATCHES = [1, 2];

function c5Rows(): ProfileRow[] {
  return C5_REQUEST_MS.flatMap(([intraOpThreads, ms]) =>
    TABLE_BATCHES.map((batch) => ({ intraOpThreads, batch, serviceMs: batch * ms })),
  );
}

const P2_BATCH_MS = PER_MINUTE_MS / 415;
const T4_BATCH_MS = (8 / 363) * 1000;
/** Items' time that a T4 batch takes on top of its own items. */
const T4_FIXED_ITEMS = 2;

const entries: readonly Entry[] = [
  {
    name: "inception-v3-c5",
    source: `${MARK}, prototype: 284, 490, 771 and 1080 requests a minute on 2, 4, 8 and 16 vCPUs`,
    assumption: "between them linear in the logarithms; a batch takes its items' time",
    make: (name) => tableProfile(name, c5Rows()),
  },
  ...family("inception-v3", "Inception-v3", null, 217, 380),
  {
    name: "inception-v3-p2",
    source: `${MARK}, prototype: 415 batches of 8 a minute on p2.xlarge (K80)`,
    assumption: "a smaller batch takes the time of 8; larger ones in proportion",
    make: (name) => tableProfile(name, [{ batch: 8, serviceMs: P2_BATCH_MS }]),
  },
  {
    name: "inception-v3-t4",
    source: "assumed: 363 requests a second in batches of 8 on g4dn.xlarge (T4); not a published measurement",
    assumption: `linear in the batch, with a fixed part worth ${T4_FIXED_ITEMS} items`,
    make: (name) => {
      const perItemMs = T4_BATCH_MS / (8 + T4_FIXED_ITEMS);
      return linearProfile({ baseMs: T4_FIXED_ITEMS * perItemMs, perItemMs }, name);
    },
  },
  ...family("inception-resnet", "Inception-ResNet", 398, 411, 785),
  ...family("opennmt", "OpenNMT", 2180, 2280, 3100),
];

/** Every profile that ships. */
export const namedProfiles: readonly NamedProfile[] = entries.map(({ name, source, assumption, make }) => ({
  name,
  source,
  assumption,
  profile: make(name),
}));
