// Windows from CloudWatch: one number a metric for the whole window, which is its period, so that percentiles are those of
// all its requests; and the requests of each period, for rates.
//
// Metrics come late: a window ends `settleS` ago, on a whole period.

import { z } from "zod";
import { type ArrivalMetrics, type LatencyMetrics, ObservationError, type Slo } from "../../core/index.ts";
import type { Clock } from "../adapter-entry.ts";
import type { Observer } from "../halves.ts";
import { type AwsAccess, clientConfiguration, readAws } from "./clients.ts";

type Sdk = typeof import("@aws-sdk/client-cloudwatch");

const name = z.string().min(1).max(255);
const dimensionsSchema = z.record(name, name);

/** What each kind of AWS front door tells, under which names. What is turned away is not counted as a request there. */
const presets = {
  alb: {
    namespace: "AWS/ApplicationELB",
    requests: "RequestCount",
    latency: "TargetResponseTime",
    unitMs: 1000,
    failed: ["HTTPCode_Target_5XX_Count"],
    turnedAway: ["HTTPCode_ELB_5XX_Count"],
  },
  lambda: {
    namespace: "AWS/Lambda",
    requests: "Invocations",
    latency: "Duration",
    unitMs: 1,
    failed: ["Errors"],
    turnedAway: ["Throttles"],
  },
  sagemaker: {
    namespace: "AWS/SageMaker",
    requests: "Invocations",
    latency: "ModelLatency",
    unitMs: 1e-3,
    failed: ["Invocation5XXErrors"],
    turnedAway: [],
  },
} as const;

/** The `metrics:` block of a cluster file. */
export const metricsSchema = z.strictObject({
  preset: z.enum(["alb", "lambda", "sagemaker"]),
  /** That tell this one from others, such as { EndpointName: …, VariantName: … }. */
  dimensions: dimensionsSchema,
  /** A share of busy capacity, averaged; times `scale` it is in [0, 1]. */
  utilization: z.strictObject({
    namespace: name,
    metric: name,
    dimensions: dimensionsSchema,
    scale: z.number().positive().default(0.01),
  }),
  /** Shortest period the metrics are kept in. */
  periodS: z.union([z.literal(1), z.literal(5), z.literal(10), z.literal(30), z.literal(60)]).default(60),
  /** From the end of a period to its being told in full. */
  settleS: z.number().nonnegative().max(3600).default(120),
});

type MetricsOptions = z.output<typeof metricsSchema>;

/** A window that could not be told for longer than this starts later. */
const LONGEST_WINDOW_S = 3600;

/** Longest list of recent rates. */
const MAX_RECENT_RATES = 12;

/** A metric and a statistic of it. */
interface Query {
  readonly id: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat: string;
  readonly periodS: number;
}

/** What was told, by query: a value for each period that has any. */
type Told = ReadonlyMap<string, readonly number[]>;

/** A query's name starts with a small letter. */
function idOf(metric: string): string {
  return `m${metric}`;
}

function percentileStat(percentile: number): string {
  return `p${Number((percentile * 100).toFixed(4))}`;
}

/** Tells windows that follow each other. */
export class CloudWatchWindows implements Observer {
  readonly #sdk: Sdk;
  readonly #client: InstanceType<Sdk["CloudWatchClient"]>;
  readonly #access: AwsAccess;
  readonly #options: MetricsOptions;
  readonly #slo: Slo;
  readonly #clock: Clock;
  #fromS: number;

  private constructor(library: Sdk, access: AwsAccess, options: MetricsOptions, slo: Slo, clock: Clock) {
    this.#sdk = library;
    this.#client = new library.CloudWatchClient(clientConfiguration(access));
    this.#access = access;
    this.#options = options;
    this.#slo = slo;
    this.#clock = clock;
    this.#fromS = this.#lastWholeS();
  }

  static async open(access: AwsAccess, options: MetricsOptions, slo: Slo, clock: Clock): Promise<CloudWatchWindows> {
    return new CloudWatchWindows(await import("@aws-sdk/client-cloudwatch"), access, options, slo, clock);
  }

  async observe(): ReturnType<Observer["observe"]> {
    const toS = this.#lastWholeS();
    const fromS = Math.max(this.#fromS, toS - LONGEST_WINDOW_S);
    const durationS = toS - fromS;
    if (durationS <= 0) {
      throw new ObservationError(`CloudWatch: expected a whole period since ${fromS} s, found none yet`);
    }
    const { periodS, utilization } = this.#options;
    const told = await this.#ask(this.#queries(durationS), fromS, toS);
    const { failed, turnedAway } = presets[this.#options.preset];
    const refused = this.#sum(told, turnedAway);
    const requests = this.#one(told, "requests") + refused;
    const dropped = this.#sum(told, failed) + refused;
    const busy = this.#one(told, "utilization") * utilization.scale;
    const metrics = {
      durationS,
      requests,
      arrivals: arrivalsOf(requests, durationS, told.get("rates") ?? [], periodS),
      latency: this.#latency(told, requests, dropped),
      queueLength: 0,
      utilization: Math.min(1, busy),
      meanBatchSize: null,
      service: null,
      dropped,
      offloadedShare: 0,
    };
    this.#fromS = toS;
    return { timeS: toS, metrics };
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  /** The end of the last period told in full. */
  #lastWholeS(): number {
    const { periodS, settleS } = this.#options;
    return Math.floor((this.#clock.nowMs() / 1000 - settleS) / periodS) * periodS;
  }

  #queries(durationS: number): readonly Query[] {
    const { preset, dimensions, utilization, periodS } = this.#options;
    const { namespace, requests, latency, failed, turnedAway } = presets[preset];
    const { percentile, latencyMs } = this.#slo;
    const whole = { namespace, dimensions, periodS: durationS };
    const latencies: [string, string][] = [
      ["mean", "Average"],
      ["p50", "p50"],
      ["p95", "p95"],
      ["p99", "p99"],
      ["objective", percentileStat(percentile)],
      // The percentage of values up to the SLO.
      ["inTime", `PR(:${latencyMs / presets[preset].unitMs})`],
    ];
    return [
      { ...whole, id: "requests", metric: requests, stat: "Sum" },
      { ...whole, id: "rates", metric: requests, stat: "Sum", periodS },
      ...[...failed, ...turnedAway].map((metric) => ({ ...whole, id: idOf(metric), metric, stat: "Sum" })),
      ...latencies.map(([id, stat]) => ({ ...whole, id, metric: latency, stat })),
      { ...utilization, id: "utilization", stat: "Average", periodS: durationS },
    ];
  }

  async #ask(queries: readonly Query[], fromS: number, toS: number): Promise<Told> {
    const told = new Map<string, number[]>(queries.map(({ id }) => [id, []]));
    let NextToken: string | undefined;
    do {
      const command = new this.#sdk.GetMetricDataCommand({
        StartTime: new Date(fromS * 1000),
        EndTime: new Date(toS * 1000),
        ScanBy: "TimestampAscending",
        NextToken,
        MetricDataQueries: queries.map(({ id, namespace, metric, dimensions, stat, periodS }) => ({
          Id: id,
          MetricStat: {
            Metric: {
              Namespace: namespace,
              MetricName: metric,
              Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
            },
            Period: periodS,
            Stat: stat,
          },
        })),
      });
      const answer = await readAws(this.#access, "CloudWatch", (options) => this.#client.send(command, options));
      for (const { Id = "", StatusCode, Values = [] } of answer.MetricDataResults ?? []) {
        // A part is told on several pages; one that ends incomplete is not the truth.
        if (StatusCode !== "Complete" && StatusCode !== "PartialData") {
          throw new ObservationError(`CloudWatch: ${Id}: expected Complete, found ${StatusCode}`);
        }
        if (StatusCode === "PartialData" && answer.NextToken === undefined) {
          throw new ObservationError(`CloudWatch: ${Id}: expected Complete, found PartialData on the last page`);
        }
        told.get(Id)?.push(...Values);
      }
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    return told;
  }

  /** The one value of a metric that must be there. @throws {ObservationError} for none, several, or no number */
  #one(told: Told, id: string): number {
    const [value, other] = told.get(id) ?? [];
    if (value !== undefined && other === undefined && Number.isFinite(value)) return value;
    const found = value === undefined ? "none" : other === undefined ? value : "several";
    throw new ObservationError(`CloudWatch: ${id}: expected one value of the window, found ${found}`);
  }

  /** Of what is told only where there was any. */
  #sum(told: Told, metrics: readonly string[]): number {
    const ids = metrics.map(idOf).filter((id) => told.get(id)?.length !== 0);
    return ids.reduce((sum, id) => sum + this.#one(told, id), 0);
  }

  #latency(told: Told, requests: number, dropped: number): LatencyMetrics | null {
    if (requests === 0) return null;
    const { unitMs } = presets[this.#options.preset];
    const ms = (id: string): number => this.#one(told, id) * unitMs;
    const late = requests * (1 - this.#one(told, "inTime") / 100);
    return {
      meanMs: ms("mean"),
      p50Ms: ms("p50"),
      p95Ms: ms("p95"),
      p99Ms: ms("p99"),
      objectiveMs: ms("objective"),
      missRatio: Math.min(1, Math.max(0, (late + dropped) / requests)),
      resolution: 0,
    };
  }
}

function arrivalsOf(requests: number, durationS: number, counts: readonly number[], periodS: number): ArrivalMetrics {
  const rates = counts.slice(-MAX_RECENT_RATES).map((count) => count / periodS);
  const median = [...rates].sort((a, b) => a - b)[rates.length >> 1] ?? 0;
  return {
    rateRps: requests / durationS,
    recentRatesRps: rates,
    dispersion: null,
    peakToMedian: median > 0 ? Math.max(...rates) / median : null,
  };
}
