// Metrics for Prometheus: what the clusters do, what it costs, whether the SLO holds, and how the service fares.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { LoopEvent } from "../control/index.ts";
import { type DecisionRecord, type Mode, trusts } from "../core/index.ts";
import { backendOf } from "../networks/index.ts";
import type { AttachedCluster } from "./clusters.ts";

const modes: readonly Mode[] = ["off", "shadow", "advisory", "canary", "active"];

/** From 10 µs to 10 s: a step of a pass, or a request. */
const DURATION_BUCKETS_S = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

/** Gauges of the process whose names end as only a counter's may: promtool refuses a page with them. */
const misnamed = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** From a second to an hour: a change coming into force. */
const ACTUATION_BUCKETS_S = [1, 3, 10, 30, 60, 120, 300, 600, 1200, 3600];

/** How the metrics are kept. */
export interface MetricsOptions {
  readonly version: string;
  /** Whether the process's own metrics (memory, event loop, collections) are told too. */
  readonly process: boolean;
  readonly runningTrainings: () => number;
}

/** The metrics of one service. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #decisions: Counter;
  readonly #guardActions: Counter;
  readonly #failures: Counter;
  readonly #requests: Counter;
  readonly #missed: Counter;
  readonly #costTotal: Counter;
  readonly #cost: Gauge;
  readonly #expectedCost: Gauge;
  readonly #attainment: Gauge;
  readonly #target: Gauge;
  readonly #latency: Gauge;
  readonly #rate: Gauge;
  readonly #knob: Gauge;
  readonly #recommendedKnob: Gauge;
  readonly #mode: Gauge;
  readonly #trust: Gauge;
  readonly #policy: Gauge;
  /** Labels of the policy told last, by cluster: the old one must go when a new one comes. */
  readonly #policies = new Map<string, Record<string, string>>();
  readonly #clusterTime: Gauge;
  readonly #leads: Gauge;
  readonly #pending: Gauge;
  readonly #step: Histogram;
  readonly #actuation: Histogram;
  readonly #http: Histogram;

  constructor(options: MetricsOptions) {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, labelNames: string[]): Gauge =>
      new Gauge({ name: `trimtab_${name}`, help, labelNames, registers });
    const counter = (name: string, help: string, labelNames: string[]): Counter =>
      new Counter({ name: `trimtab_${name}`, help, labelNames, registers });
    const histogram = (name: string, help: string, labelNames: string[]): Histogram =>
      new Histogram({ name: `trimtab_${name}`, help, labelNames, registers, buckets: DURATION_BUCKETS_S });
    this.#decisions = counter("decisions_total", "Decisions by outcome and who made them", [
      "cluster",
      "outcome",
      "actor",
    ]);
    this.#guardActions = counter("guard_actions_total", "Proposals a guard changed", ["cluster", "guard"]);
    this.#failures = counter("observation_failures_total", "Passes that could not observe the cluster", ["cluster"]);
    this.#requests = counter("requests_total", "Requests at the input of the cluster", ["cluster"]);
    this.#missed = counter("requests_missed_total", "Requests later than the first SLO, drops included", ["cluster"]);
    this.#costTotal = counter("cost_usd_total", "Cost of the cluster since the service started", ["cluster"]);
    this.#cost = gauge("cost_usd_per_hour", "Cost of the cluster in the last window", ["cluster"]);
    this.#expectedCost = gauge("expected_cost_usd_per_hour", "Cost expected of the latest decision", ["cluster"]);
    this.#attainment = gauge("slo_attainment_ratio", "Requests within the first SLO in the last window", ["cluster"]);
    this.#target = gauge("slo_target_ratio", "Requests that are to be within the first SLO", ["cluster"]);
    this.#latency = gauge("latency_seconds", "Latency in the last window", ["cluster", "percentile"]);
    this.#rate = gauge("arrival_rate_requests_per_second", "Arrivals in the last window", ["cluster"]);
    this.#knob = gauge("knob_value", "Numeric knobs in force", ["cluster", "knob"]);
    this.#recommendedKnob = gauge("recommended_knob_value", "Numeric knobs as decided", ["cluster", "knob"]);
    this.#mode = gauge("mode", "1 for the mode the cluster is in", ["cluster", "mode"]);
    this.#trust = gauge("trust", "1 for the trust its agent has", ["cluster", "trust"]);
    this.#policy = gauge("policy_info", "The policy of the cluster's agent", ["cluster", "kind", "sha256"]);
    this.#clusterTime = gauge("cluster_time_seconds", "Time in the cluster, simulated or real", ["cluster"]);
    this.#leads = gauge("leads", "1 where this service may act on the cluster", ["cluster"]);
    this.#pending = gauge("pending_proposals", "Proposals that wait for an answer", ["cluster"]);
    this.#actuation = new Histogram({
      name: "trimtab_actuation_duration_seconds",
      help: "From a change being sent to its knob being in force",
      labelNames: ["cluster", "knob"],
      registers,
      buckets: ACTUATION_BUCKETS_S,
    });
    this.#step = histogram("step_duration_seconds", "Steps of a pass of the control loop", ["cluster", "step"]);
    this.#http = histogram("http_request_duration_seconds", "Requests to this service", ["method", "route", "status"]);
    const build = { version: options.version, tensorflow: backendOf("auto") };
    gauge("build_info", "Version of the service, and what trains its networks", Object.keys(build)).set(build, 1);
    const { runningTrainings } = options;
    new Gauge({
      name: "trimtab_trainings_running",
      help: "Trainings under way",
      registers,
      collect() {
        this.set(runningTrainings());
      },
    });
    if (options.process) {
      collectDefaultMetrics({ register: this.#registry });
      for (const name of misnamed) this.#registry.removeSingleMetric(name);
    }
  }

  /** Notes an event of a cluster's loop. */
  loop(cluster: string, event: LoopEvent): void {
    if (event.type === "decision") this.#decided(cluster, event.record);
    if (event.type !== "pass") return;
    for (const [step, micros] of Object.entries(event.micros)) this.#step.observe({ cluster, step }, micros / 1e6);
    for (const { knob, delayS } of event.delays) this.#actuation.observe({ cluster, knob }, delayS);
  }

  /** Notes the state a cluster is in. */
  cluster({ entry: { name }, task, loop }: AttachedCluster): void {
    const status = loop.status();
    for (const mode of modes) this.#mode.set({ cluster: name, mode }, mode === status.mode ? 1 : 0);
    for (const trust of trusts) this.#trust.set({ cluster: name, trust }, trust === status.trust.trust ? 1 : 0);
    this.#target.set({ cluster: name }, task.objective.slo[0].percentile);
    this.#clusterTime.set({ cluster: name }, status.timeS);
    this.#leads.set({ cluster: name }, status.leader === null ? 1 : 0);
    this.#pending.set({ cluster: name }, status.pendingProposal === null ? 0 : 1);
    const policy = { cluster: name, kind: status.policy.kind, sha256: status.policy.sha256.slice(0, 12) };
    const before = this.#policies.get(name);
    if (before !== undefined) this.#policy.remove(before);
    this.#policies.set(name, policy);
    this.#policy.set(policy, 1);
  }

  /** Notes a request that was answered. @param route its path with parameters in braces */
  request(method: string, route: string, status: number, seconds: number): void {
    this.#http.observe({ method, route, status }, seconds);
  }

  /** The page, and its media type. */
  async page(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #decided(cluster: string, record: DecisionRecord): void {
    const { observation, outcome, actor, guards, applied, proposed, expected } = record;
    this.#decisions.inc({ cluster, outcome, actor });
    for (const { guard } of guards) this.#guardActions.inc({ cluster, guard });
    if (observation === null) {
      if (outcome === "failed") this.#failures.inc({ cluster });
      return;
    }
    const { metrics, configuration } = observation;
    this.#requests.inc({ cluster }, metrics.requests);
    this.#costTotal.inc({ cluster }, metrics.costUsd);
    this.#cost.set({ cluster }, metrics.costUsdPerHour);
    this.#rate.set({ cluster }, metrics.arrivalRateRps);
    if (expected !== null) this.#expectedCost.set({ cluster }, expected.costUsdPerHour);
    if (metrics.latency !== null) {
      const { p50Ms, p95Ms, p99Ms, missRatio } = metrics.latency;
      this.#missed.inc({ cluster }, missRatio * metrics.requests);
      this.#attainment.set({ cluster }, 1 - missRatio);
      for (const [percentile, ms] of Object.entries({ "50": p50Ms, "95": p95Ms, "99": p99Ms })) {
        this.#latency.set({ cluster, percentile }, ms / 1000);
      }
    }
    this.#knobs(this.#knob, cluster, configuration);
    const decided = applied ?? proposed;
    if (decided !== null) this.#knobs(this.#recommendedKnob, cluster, decided);
  }

  #knobs(gauge: Gauge, cluster: string, configuration: Readonly<Record<string, unknown>>): void {
    for (const [knob, value] of Object.entries(configuration)) {
      if (typeof value === "number") gauge.set({ cluster, knob }, value);
    }
  }
}
