// KEDA's external scaler over gRPC: all five calls, for the desired count of a deployment and what presses on it.
//
// Desired counts pass through: target 1 with metricType AverageValue makes the HPA set ceil(value / 1), whatever runs now.

import { join } from "node:path";
import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from "@grpc/grpc-js";
import { z } from "zod";
import { ConfigError, TrimtabError } from "../../core/index.ts";
import { fieldIssues, packageRoot } from "../../store/index.ts";
import { type DesiredState, MAX_STALENESS_S } from "../desired.ts";

/** The contract as text. */
export const PROTO_PATH = join(packageRoot(), "src", "http", "keda", "externalscaler.proto");

/** A stream looks at the value this often beside after every pass: staleness comes without an event. */
const STREAM_EVERY_MS = 1000;

/** What KEDA itself reads of a trigger's metadata. */
const kedaKeys = {
  scalerAddress: z.string().optional(),
  caCert: z.string().optional(),
  tlsCertFile: z.string().optional(),
  tlsClientCert: z.string().optional(),
  tlsClientKey: z.string().optional(),
  enableTLS: z.string().optional(),
  unsafeSsl: z.string().optional(),
};

const metadataSchema = z.strictObject({
  ...kedaKeys,
  cluster: z.string().min(1),
  /** What the knob's machines are called as a Kubernetes name. */
  deployment: z.string().min(1).optional(),
  /** The knob that counts them; goes before `deployment`. */
  knob: z.string().min(1).optional(),
  metric: z.enum(["desired_replicas", "queue_pressure", "offload_ratio"]).default("desired_replicas"),
  maxStalenessSeconds: z.coerce.number().positive().max(86_400).default(MAX_STALENESS_S),
});
type ScalerMetadata = z.infer<typeof metadataSchema>;

/** A ScaledObject as KEDA tells it. */
export interface ScaledObjectRef {
  readonly name: string;
  readonly namespace: string;
  readonly scalerMetadata: Readonly<Record<string, string>>;
}

/** What is asked for. */
export interface MetricsRequest {
  readonly scaledObjectRef: ScaledObjectRef | null;
  readonly metricName: string;
}

interface MetricSpecs {
  readonly metricSpecs: readonly {
    readonly metricName: string;
    readonly targetSize: number;
    readonly targetSizeFloat: number;
  }[];
}

interface MetricValues {
  readonly metricValues: readonly {
    readonly metricName: string;
    readonly metricValue: number;
    readonly metricValueFloat: number;
  }[];
}

interface Active {
  readonly result: boolean;
}

/** Tells a cluster's last window; null where none was seen. */
export type LastWindow = (cluster: string) => { readonly queueLength: number; readonly offloadedShare: number } | null;

/** The one table from failures to statuses. */
function statusOf(error: unknown): { code: status; message: string } {
  if (!(error instanceof TrimtabError))
    return { code: status.INTERNAL, message: "an unexpected failure; the log of the service says more" };
  const codes: Partial<Record<TrimtabError["code"], status>> = {
    E_CONFIG: status.INVALID_ARGUMENT,
    E_UNKNOWN: status.NOT_FOUND,
    E_OBSERVATION: status.UNAVAILABLE,
  };
  return { code: codes[error.code] ?? status.FAILED_PRECONDITION, message: error.message };
}

function metadataOf(ref: ScaledObjectRef | null): ScalerMetadata {
  const parsed = metadataSchema.safeParse(ref?.scalerMetadata ?? {});
  if (!parsed.success) throw new ConfigError("scalerMetadata", fieldIssues(parsed.error, ref?.scalerMetadata ?? {}));
  if (parsed.data.knob !== undefined || parsed.data.deployment !== undefined) return parsed.data;
  throw new ConfigError("scalerMetadata", [{ path: "deployment", expected: "a deployment or a knob", found: "none" }]);
}

/** The calls of the scaler. */
export class ExternalScaler {
  readonly #desired: DesiredState;
  readonly #window: LastWindow;
  readonly #onError: (error: unknown) => void;

  /** @param onError called with failures that are no caller's fault */
  constructor(desired: DesiredState, window: LastWindow, onError: (error: unknown) => void) {
    this.#desired = desired;
    this.#window = window;
    this.#onError = onError;
  }

  /** Handlers by the names of the contract. */
  handlers() {
    return {
      isActive: this.#unary((ref: ScaledObjectRef) => this.#active(ref)),
      getMetricSpec: this.#unary((ref: ScaledObjectRef) => this.#specs(ref)),
      getMetrics: this.#unary((request: MetricsRequest) => this.#values(request)),
      streamIsActive: this.#stream((ref: ScaledObjectRef) => this.#active(ref)),
      streamMetricSpec: this.#stream((ref: ScaledObjectRef) => this.#specs(ref)),
    };
  }

  #active(ref: ScaledObjectRef): Active {
    return { result: this.#value(metadataOf(ref)) > 0 };
  }

  #specs(ref: ScaledObjectRef): MetricSpecs {
    const metadata = metadataOf(ref);
    this.#value(metadata);
    return { metricSpecs: [{ metricName: metadata.metric, targetSize: 1, targetSizeFloat: 1 }] };
  }

  #values({ scaledObjectRef, metricName }: MetricsRequest): MetricValues {
    const metadata = metadataOf(scaledObjectRef);
    if (metricName !== metadata.metric) {
      throw new ConfigError("metricName", [{ path: "metricName", expected: metadata.metric, found: metricName }]);
    }
    const value = this.#value(metadata);
    // Older KEDA reads the whole number; rounding up never tells it to run less.
    return { metricValues: [{ metricName, metricValue: Math.ceil(value), metricValueFloat: value }] };
  }

  #value({ cluster, deployment, knob, metric, maxStalenessSeconds }: ScalerMetadata): number {
    const desired = this.#desired.of(cluster, knob ?? deployment ?? "", maxStalenessSeconds);
    if (metric === "desired_replicas") return desired.desiredReplicas;
    const window = this.#window(cluster);
    if (window !== null && !desired.stale)
      return metric === "queue_pressure" ? window.queueLength : window.offloadedShare;
    throw new TrimtabError("E_OBSERVATION", `${metric} of ${cluster}: expected a window seen lately, found none`);
  }

  #unary<Request, Answer>(handle: (request: Request) => Answer) {
    return (call: ServerUnaryCall<Request, Answer>, callback: sendUnaryData<Answer>): void => {
      try {
        callback(null, handle(call.request));
      } catch (error) {
        this.#report(error);
        callback(statusOf(error));
      }
    };
  }

  /** Sends an answer at once, and again whenever it changes, until the caller goes away. */
  #stream<Request, Answer>(handle: (request: Request) => Answer) {
    return (call: ServerWritableStream<Request, Answer>): void => {
      let last = "";
      let ended = false;
      const end = (): void => {
        ended = true;
        clearInterval(timer);
        unsubscribe();
      };
      const tell = (): void => {
        if (ended) return;
        try {
          const answer = handle(call.request);
          const text = JSON.stringify(answer);
          if (text !== last) call.write(answer);
          last = text;
        } catch (error) {
          end();
          this.#report(error);
          call.emit("error", statusOf(error));
        }
      };
      const timer = setInterval(tell, STREAM_EVERY_MS);
      const unsubscribe = this.#desired.subscribe(tell);
      call.on("cancelled", end);
      call.on("close", end);
      tell();
    };
  }

  #report(error: unknown): void {
    if (!(error instanceof TrimtabError)) this.#onError(error);
  }
}
