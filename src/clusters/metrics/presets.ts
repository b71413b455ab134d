// Dialects of serving systems, old names after new ones. What a system does not tell under any name is left out, for
// the cluster file to say: a number that means something else would be worse than none.

import type { Preset } from "./dialect.ts";

/** vLLM: requests are counted as they finish, aborted ones too; those inside are running or waiting. */
const vllm: Preset = {
  arrivals: {
    left: [["vllm:request_success_total", "vllm:request_success"]],
    inside: ["vllm:num_requests_running", "vllm:num_requests_waiting"],
  },
  latency: { histogram: "vllm:e2e_request_latency_seconds", unit: "s" },
  queue: ["vllm:num_requests_waiting"],
  utilization: { gauge: ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"] },
  // Sequences join and leave a batch at every iteration: it has no size and no service time of its own.
  batch: null,
  service: null,
  dropped: null,
  offloaded: null,
};

/**
 * KServe on Knative: the queue proxy beside each model counts requests as they finish, and those it holds. Its queue
 * depth is told only with `containerConcurrency`, and counts the ones being served too; utilization is left out since
 * it depends on that limit.
 */
const kserve: Preset = {
  arrivals: { left: [["revision_request_count", "request_count"]], inside: [["revision_queue_depth", "queue_depth"]] },
  latency: {
    histogram: { names: ["revision_request_latencies", "request_latencies"], match: { response_code_class: "2xx" } },
    unit: "ms",
  },
  queue: [["revision_queue_depth", "queue_depth"]],
  batch: null,
  service: null,
  dropped: { names: ["revision_request_count", "request_count"], match: { response_code_class: "5xx" } },
  offloaded: null,
};

/**
 * TensorFlow Serving: requests are counted as they finish and those inside are not, so arrivals must come from what
 * stands in front of it; utilization depends on `num_batch_threads`.
 */
const tfServing: Preset = {
  latency: { histogram: ":tensorflow:serving:request_latency", unit: "us" },
  batch: {
    items: ":tensorflow:serving:batching_session:input_batch_size_sum",
    batches: ":tensorflow:serving:batching_session:processed_batch_size_count",
  },
  service: {
    total: ":tensorflow:serving:runtime_latency_sum",
    batches: ":tensorflow:serving:runtime_latency_count",
    unit: "us",
  },
  dropped: null,
  offloaded: null,
};

/** NVIDIA Triton, started with `--metrics-config=summary_latencies=true`; utilization depends on the instance count. */
const triton: Preset = {
  arrivals: {
    left: ["nv_inference_request_success", "nv_inference_request_failure"],
    inside: ["nv_inference_pending_request_count"],
  },
  latency: { summary: "nv_inference_request_summary_us", unit: "us" },
  queue: ["nv_inference_pending_request_count"],
  batch: { items: "nv_inference_count", batches: "nv_inference_exec_count" },
  service: null,
  dropped: "nv_inference_request_failure",
  offloaded: null,
};

/**
 * Ray Serve: its router counts requests as they enter; its proxy times whole answers. Told by OpenTelemetry, a histogram's
 * sum is put together from the middles of its buckets, so service times are not told; utilization depends on
 * `max_ongoing_requests`.
 */
const rayServe: Preset = {
  arrivals: { entered: ["ray_serve_num_router_requests_total", "ray_serve_num_router_requests"] },
  latency: { histogram: { names: ["ray_serve_http_request_latency_ms"], match: { status_code: "200" } }, unit: "ms" },
  queue: ["ray_serve_deployment_queued_queries"],
  batch: {
    items: ["ray_serve_deployment_request_counter_total", "ray_serve_deployment_request_counter"],
    batches: ["ray_serve_batches_processed_total", "ray_serve_batches_processed"],
  },
  service: null,
  dropped: ["ray_serve_num_http_error_requests_total", "ray_serve_num_http_error_requests"],
  offloaded: null,
};

/** By the name a cluster file gives. */
export const presets = { kserve, "ray-serve": rayServe, "tf-serving": tfServing, triton, vllm } as const;
