// The observation as a vector: which features of a cluster's state leave the process, in what order and unit.

import {
  type ClusterState,
  ConfigError,
  type Configuration,
  type FleetCount,
  type KnobLattice,
  type PastWindow,
  type Random,
  type Space,
  type SpaceSpec,
} from "../src/core/index.ts";

/** Windows of arrival rate the vector carries, latest first. */
const PAST_RATES = 8;

/** Stands for "not known" in the vector; every known value is ≥ 0. */
export const UNKNOWN = -1;

/** One element of the encoded observation. */
export interface ObservationFeature {
  readonly name: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
}

const scalars: readonly ObservationFeature[] = [
  { name: "timeS", unit: "s", low: 0, high: 1e9 },
  { name: "windowS", unit: "s", low: 1, high: 86_400 },
  { name: "requests", unit: "1", low: 0, high: 1e9 },
  { name: "arrivalRateRps", unit: "1/s", low: 0, high: 1e6 },
  { name: "dispersion", unit: "1", low: UNKNOWN, high: 1e6 },
  { name: "peakToMedian", unit: "1", low: UNKNOWN, high: 1e6 },
  { name: "latencyMeanMs", unit: "ms", low: UNKNOWN, high: 1e7 },
  { name: "latencyP50Ms", unit: "ms", low: UNKNOWN, high: 1e7 },
  { name: "latencyP95Ms", unit: "ms", low: UNKNOWN, high: 1e7 },
  { name: "latencyP99Ms", unit: "ms", low: UNKNOWN, high: 1e7 },
  { name: "latencyObjectiveMs", unit: "ms", low: UNKNOWN, high: 1e7 },
  { name: "missRatio", unit: "1", low: UNKNOWN, high: 1 },
  { name: "queueLength", unit: "1", low: 0, high: 1e9 },
  { name: "utilization", unit: "1", low: 0, high: 1 },
  { name: "meanBatchSize", unit: "1", low: UNKNOWN, high: 1e4 },
  { name: "serviceMeanMs", unit: "ms", low: UNKNOWN, high: 1e7 },
  { name: "offloadedShare", unit: "1", low: 0, high: 1 },
  { name: "costUsdPerHour", unit: "USD/h", low: 0, high: 1e6 },
  { name: "forecastRps", unit: "1/s", low: UNKNOWN, high: 1e6 },
];

const MAX_MACHINES = 1e5;

function known(value: number | null | undefined): number {
  return value ?? UNKNOWN;
}

function maybe(value: number): number | null {
  return value < 0 ? null : value;
}

/** Box over the features of a state; the history survives as the last eight arrival rates. */
export class ObservationSpace implements Space<ClusterState> {
  readonly features: readonly ObservationFeature[];
  readonly size: number;
  readonly #lattice: KnobLattice;
  readonly #types: readonly string[];
  readonly #intervalS: number;

  constructor(lattice: KnobLattice, instanceTypes: readonly string[], intervalS: number) {
    this.#lattice = lattice;
    this.#types = instanceTypes;
    this.#intervalS = intervalS;
    const past = Array.from({ length: PAST_RATES }, (_, i) => ({
      name: `pastRateRps.${i + 1}`,
      unit: "1/s",
      low: UNKNOWN,
      high: 1e6,
    }));
    const fleet = instanceTypes.flatMap((type) =>
      ["ready", "launching", "draining", "spot"].map((state) => ({
        name: `fleet.${type}.${state}`,
        unit: "1",
        low: 0,
        high: MAX_MACHINES,
      })),
    );
    const knobs = lattice.knobs.map((knob) => ({
      name: `knob.${knob.name}`,
      unit: "step",
      low: 0,
      high: knob.values.length - 1,
    }));
    const inFlight = lattice.knobs.map((knob) => ({
      name: `inFlight.${knob.name}`,
      unit: "step",
      low: UNKNOWN,
      high: knob.values.length - 1,
    }));
    this.features = [...scalars, ...past, ...fleet, ...knobs, ...inFlight];
    this.size = this.features.length;
  }

  contains(value: unknown): value is ClusterState {
    if (typeof value !== "object" || value === null || !("metrics" in value) || !("configuration" in value))
      return false;
    const state = value as ClusterState;
    if (!this.#lattice.contains(state.configuration)) return false;
    const vector = this.encode(state);
    return this.features.every((feature, i) => {
      const element = vector[i] ?? Number.NaN;
      return element >= feature.low && element <= feature.high;
    });
  }

  encode(state: ClusterState): Float64Array {
    const { metrics } = state;
    const past = state.history.slice(0, -1).slice(-PAST_RATES).reverse();
    const inFlight = state.inFlight === null ? null : this.#lattice.coordinates(state.inFlight);
    return Float64Array.from([
      state.timeS,
      metrics.durationS,
      metrics.requests,
      metrics.arrivals.rateRps,
      known(metrics.arrivals.dispersion),
      known(metrics.arrivals.peakToMedian),
      known(metrics.latency?.meanMs),
      known(metrics.latency?.p50Ms),
      known(metrics.latency?.p95Ms),
      known(metrics.latency?.p99Ms),
      known(metrics.latency?.objectiveMs),
      known(metrics.latency?.missRatio),
      metrics.queueLength,
      metrics.utilization,
      known(metrics.meanBatchSize),
      known(metrics.service?.meanMs),
      metrics.offloadedShare,
      metrics.costUsdPerHour,
      known(state.forecast?.ratesRps[0]),
      ...Array.from({ length: PAST_RATES }, (_, i) => known(past[i]?.arrivalRateRps)),
      ...this.#types.flatMap((type) => {
        const count = state.fleet[type];
        return [count?.ready ?? 0, count?.launching ?? 0, count?.draining ?? 0, count?.spot ?? 0];
      }),
      ...this.#lattice.coordinates(state.configuration),
      ...this.#lattice.knobs.map((_, k) => inFlight?.[k] ?? UNKNOWN),
    ]);
  }

  decode(vector: ArrayLike<number>): ClusterState {
    if (vector.length !== this.size) {
      throw new ConfigError("observation", [
        { path: "length", expected: String(this.size), found: String(vector.length) },
      ]);
    }
    const at = new Map(
      this.features.map((feature, i) => {
        const value = Number(vector[i]);
        if (Number.isNaN(value))
          throw new ConfigError("observation", [
            { path: feature.name, expected: "a number", found: String(vector[i]) },
          ]);
        return [feature.name, Math.min(feature.high, Math.max(feature.low, value))];
      }),
    );
    const read = (name: string): number => at.get(name) ?? UNKNOWN;
    const configuration = this.#lattice.decode(this.#lattice.knobs.map((knob) => read(`knob.${knob.name}`)));
    const moving = this.#lattice.knobs.every((knob) => read(`inFlight.${knob.name}`) >= 0);
    return {
      timeS: read("timeS"),
      metrics: this.#metrics(read),
      fleet: this.#fleet(read),
      configuration,
      inFlight: moving ? this.#lattice.decode(this.#lattice.knobs.map((knob) => read(`inFlight.${knob.name}`))) : null,
      canary: null,
      forecast:
        read("forecastRps") < 0
          ? null
          : { method: "given", stepS: this.#intervalS, ratesRps: [read("forecastRps")], error: null },
      mask: null,
      history: this.#history(read, configuration),
    };
  }

  sample(random: Random): ClusterState {
    const vector = this.features.map((feature) => {
      const scale = Math.min(feature.high, 1000);
      const value = feature.low + random.next() * (scale - feature.low);
      return feature.unit === "step" || feature.name.startsWith("fleet.") ? Math.round(value) : value;
    });
    return this.decode(vector);
  }

  toJSON(): SpaceSpec {
    return {
      type: "Box",
      dtype: "float64",
      shape: [this.size],
      low: this.features.map((feature) => feature.low),
      high: this.features.map((feature) => feature.high),
    };
  }

  #metrics(read: (name: string) => number): ClusterState["metrics"] {
    const objectiveMs = maybe(read("latencyObjectiveMs"));
    const batch = maybe(read("meanBatchSize"));
    const serviceMs = maybe(read("serviceMeanMs"));
    const known = (name: string): number => Math.max(0, read(name));
    return {
      durationS: read("windowS"),
      requests: Math.round(read("requests")),
      arrivals: {
        rateRps: read("arrivalRateRps"),
        recentRatesRps: [read("arrivalRateRps")],
        dispersion: maybe(read("dispersion")),
        peakToMedian: maybe(read("peakToMedian")),
      },
      latency:
        objectiveMs === null
          ? null
          : {
              meanMs: known("latencyMeanMs"),
              p50Ms: known("latencyP50Ms"),
              p95Ms: known("latencyP95Ms"),
              p99Ms: known("latencyP99Ms"),
              objectiveMs,
              missRatio: known("missRatio"),
              resolution: 0,
            },
      queueLength: read("queueLength"),
      utilization: read("utilization"),
      meanBatchSize: batch,
      service: serviceMs === null ? null : { meanMs: serviceMs },
      dropped: 0,
      offloadedShare: read("offloadedShare"),
      costUsdPerHour: read("costUsdPerHour"),
      costUsd: (read("costUsdPerHour") * read("windowS")) / 3600,
    };
  }

  #fleet(read: (name: string) => number): Readonly<Record<string, FleetCount>> {
    return Object.fromEntries(
      this.#types.map((type) => [
        type,
        {
          ready: read(`fleet.${type}.ready`),
          launching: read(`fleet.${type}.launching`),
          draining: read(`fleet.${type}.draining`),
          spot: read(`fleet.${type}.spot`),
        },
      ]),
    );
  }

  /** The past as far as the vector knows it: arrival rates under the present configuration. */
  #history(read: (name: string) => number, configuration: Configuration): PastWindow[] {
    const windowS = read("windowS");
    const rates = [
      read("arrivalRateRps"),
      ...Array.from({ length: PAST_RATES }, (_, i) => read(`pastRateRps.${i + 1}`)),
    ];
    const windows = rates.flatMap((rate, age) =>
      rate < 0
        ? []
        : [
            {
              timeS: read("timeS") - age * windowS,
              durationS: windowS,
              arrivalRateRps: rate,
              peakRateRps: rate,
              objectiveMs: age === 0 ? maybe(read("latencyObjectiveMs")) : null,
              missRatio: age === 0 ? Math.max(0, read("missRatio")) : 0,
              utilization: age === 0 ? read("utilization") : 0,
              queueLength: age === 0 ? read("queueLength") : 0,
              costUsdPerHour: read("costUsdPerHour"),
              configuration,
            },
          ],
    );
    return windows.reverse();
  }
}
