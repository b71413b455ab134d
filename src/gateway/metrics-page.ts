// The gateway's metrics for Prometheus, written from its counters when they are asked for.
//
// Histograms of latency have 16 buckets an octave from 0.25 ms to 65.5 s: each at most 1.0625 times the one before, so a
// percentile read from them is within 6.3 %.

import type { LatencyHistogram } from "../math/index.ts";
import { bucketStartMs } from "../math/index.ts";
import type { Meter } from "./meter.ts";
import type { ServedModel } from "./model.ts";

/** Largest ratio of two neighbouring bucket edges. */
export const BUCKET_RATIO = 1 + 1 / 16;

const FIRST_EDGE_MS = 0.25;
const OCTAVES = 18;
const PER_OCTAVE = 16;

const edgesMs: readonly number[] = Array.from(
  { length: OCTAVES * PER_OCTAVE + 1 },
  (_, i) => FIRST_EDGE_MS * 2 ** Math.floor(i / PER_OCTAVE) * (1 + (i % PER_OCTAVE) / PER_OCTAVE),
);

type Labels = Readonly<Record<string, string | number>>;

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Metrics in the text format, by name: help and type come once, then every sample. */
class Page {
  readonly #families = new Map<string, string[]>();

  #family(name: string, type: string, help: string): string[] {
    const full = `trimtab_gateway_${name}`;
    const known = this.#families.get(full);
    if (known !== undefined) return known;
    const lines = [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`];
    this.#families.set(full, lines);
    return lines;
  }

  counter(name: string, help: string, labels: Labels, value: number): void {
    this.#family(name, "counter", help).push(`trimtab_gateway_${name}${labelText(labels)} ${value}`);
  }

  gauge(name: string, help: string, labels: Labels, value: number): void {
    this.#family(name, "gauge", help).push(`trimtab_gateway_${name}${labelText(labels)} ${value}`);
  }

  latency(name: string, help: string, labels: Labels, histogram: LatencyHistogram): void {
    const lines = this.#family(name, "histogram", help);
    let bucket = 0;
    let below = 0;
    for (const edgeMs of edgesMs) {
      while (bucket < histogram.counts.length && bucketStartMs(bucket + 1) <= edgeMs)
        below += histogram.counts[bucket++] ?? 0;
      lines.push(`trimtab_gateway_${name}_bucket${labelText({ ...labels, le: edgeMs / 1000 })} ${below}`);
    }
    lines.push(`trimtab_gateway_${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${histogram.count}`);
    lines.push(`trimtab_gateway_${name}_sum${labelText(labels)} ${histogram.sumMs / 1000}`);
    lines.push(`trimtab_gateway_${name}_count${labelText(labels)} ${histogram.count}`);
  }

  toString(): string {
    return `${[...this.#families.values()].flat().join("\n")}\n`;
  }
}

function addMeter(page: Page, labels: Labels, meter: Meter): void {
  page.counter("arrivals_total", "Requests at the input, whatever became of them", labels, meter.arrived);
  page.counter("served_total", "Requests answered by their model", labels, meter.served);
  page.counter("offloaded_total", "Requests answered by the function", labels, meter.offloaded);
  page.counter("retried_total", "Further attempts of requests", labels, meter.retried);
  page.counter("cancelled_total", "Requests whose client went away", labels, meter.cancelled);
  for (const [reason, count] of meter.failed) {
    page.counter("failed_total", "Requests not answered by their model, by reason", { ...labels, reason }, count);
  }
  page.latency("request_duration_seconds", "From arrival to answer", labels, meter.latency);
  for (const [rows, { batches, serviceMs }] of meter.bySize) {
    const sized = { ...labels, batch_size: rows };
    page.counter("batches_total", "Batches served by backends, by rows", sized, batches);
    page.counter("batch_service_seconds_total", "Time backends took for them, by rows", sized, serviceMs / 1000);
  }
  page.counter("function_batches_total", "Batches served by the function", labels, meter.atFunction.batches);
}

function addModel(page: Page, model: ServedModel): void {
  const { name } = model.settings;
  addMeter(page, { model: name, traffic: "whole" }, model.whole);
  if (model.canary !== null) addMeter(page, { model: name, traffic: "canary" }, model.canaryMeter);
  page.gauge("waiting_requests", "Requests that wait", { model: name }, model.waiting);
  page.gauge("slots", "Batches that can be under way at once", { model: name }, model.pool.slots);
  for (const [knob, value] of Object.entries(model.configuration)) {
    page.gauge("knob_value", "Knobs in force", { model: name, knob }, value);
  }
  for (const backend of model.pool.backends) {
    const labels = { model: name, backend: backend.name };
    page.gauge("backend_ready", "1 where a backend is up", labels, backend.ready ? 1 : 0);
    page.gauge("backend_in_flight_batches", "Batches under way at a backend", labels, backend.inFlight);
    page.counter("backend_failures_total", "Times a backend gave no answer", labels, backend.failures);
  }
}

/** Everything there is to tell of the models, in Prometheus' text format. */
export function metricsPage(models: readonly ServedModel[]): string {
  const page = new Page();
  for (const model of models) addModel(page, model);
  return page.toString().replaceAll(" Infinity", " +Inf");
}
