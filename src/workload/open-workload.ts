// Opens the `workload:` block of a scenario: reads its files and makes the source of arrivals it describes.

import { TraceError } from "../core/index.ts";
import { scaleMap } from "../math/index.ts";
import type { DataFolders } from "../store/data-file.ts";
import { type Client, clients } from "./clients.ts";
import { joinSpans } from "./excluded.ts";
import { markovian, markovModulated } from "./markovian.ts";
import { merge } from "./merge.ts";
import { poisson } from "./poisson.ts";
import { alongCurve, BinnedRates, diurnal, surge } from "./rate-curve.ts";
import { renewal, shapeOfCv } from "./renewal.ts";
import { readClients } from "./trace/clients-file.ts";
import { locate, readTrace } from "./trace/read-trace.ts";
import { traceDurationS } from "./trace/trace-data.ts";
import { traceWorkload } from "./trace/trace-workload.ts";
import type { Workload } from "./workload.ts";
import type { SingleWorkloadSpec, WorkloadSpec } from "./workload-spec.ts";

type Spec<Model extends SingleWorkloadSpec["model"]> = Extract<SingleWorkloadSpec, { model: Model }>;

async function openTrace(spec: Spec<"trace">, folders: DataFolders): Promise<Workload> {
  const path = await locate(spec.trace, folders);
  const data = await readTrace(path, spec.trace, spec.format);
  const lengthS = traceDurationS(data);
  if (spec.startS >= lengthS) {
    throw new TraceError(`${spec.trace}: startS: expected less than its length of ${lengthS} s, found ${spec.startS}`);
  }
  return traceWorkload(data, { name: spec.trace, ...spec });
}

/** What a total rate leaves beside the listed clients, in bins of the total. */
function remainder(totalRps: Float64Array, binS: number, listed: Workload): Float64Array {
  return totalRps.map((rate, bin) => Math.max(0, rate - listed.rateRps((bin + 0.5) * binS)));
}

async function listedClients(spec: Spec<"clients">, folders: DataFolders): Promise<Client[]> {
  if (typeof spec.clients === "string") {
    const path = await locate(spec.clients, folders);
    const read = await readClients(path, spec.clients, spec.windowS);
    const windows = (client: Client): Client["windows"] =>
      client.windows.map((w) => ({ ...w, fromS: w.fromS - spec.startS, toS: w.toS - spec.startS }));
    return read.map((client) => ({ name: client.name, windows: windows(client) }));
  }
  return spec.clients.map(({ name, family, cv, rateRps }, i) => {
    const shape = shapeOfCv(family, cv);
    const windowS = rateRps.length === 1 ? spec.durationS : spec.windowS;
    const windows = rateRps.map((rate, k) => ({
      fromS: k * windowS,
      toS: (k + 1) * windowS,
      rateRps: rate,
      family,
      shape,
    }));
    return { name: name ?? `client ${i}`, windows };
  });
}

async function openClients(spec: Spec<"clients">, folders: DataFolders): Promise<Workload> {
  const name = typeof spec.clients === "string" ? spec.clients : "clients";
  const sum = clients(await listedClients(spec, folders), spec.durationS, spec.scale);
  if (spec.total === undefined) {
    if (sum.meanRateRps > 0) return { ...sum, name };
    throw new TraceError(`${name}: expected arrivals within ${spec.durationS} s of ${spec.startS} s, found none`);
  }
  const path = await locate(spec.total, folders);
  const data = await readTrace(path, spec.total);
  if (data.kind !== "rates") throw new TraceError(`${spec.total}: expected rates (t_s,rate_rps), found ${data.kind}`);
  const total = traceWorkload(data, { ...spec, name: spec.total, exclude: [] });
  const bins = Math.ceil(total.durationS / data.binS);
  const totalRps = Float64Array.from({ length: bins }, (_, bin) => total.rateRps((bin + 0.5) * data.binS));
  const restRps = remainder(totalRps, data.binS, sum);
  const mean = restRps.reduce((a, b) => a + b, 0) / Math.max(1, bins);
  const rest = alongCurve("other clients", new BinnedRates(restRps, data.binS), mean, total.durationS);
  return merge(name, [sum, { ...rest, excluded: joinSpans(total.excluded) }]);
}

async function openSingle(spec: SingleWorkloadSpec, folders: DataFolders): Promise<Workload> {
  switch (spec.model) {
    case "poisson":
      return poisson(spec.rateRps * spec.scale, spec.durationS);
    case "mmpp": {
      const ratesRps = spec.ratesRps.map((rate) => rate * spec.scale);
      return markovModulated(ratesRps, spec.meanSojournS, spec.durationS, spec.jumps);
    }
    case "map":
      return markovian(scaleMap({ d0: spec.d0, d1: spec.d1 }, spec.scale), spec.durationS);
    case "renewal":
      return renewal(spec.family, spec.rateRps * spec.scale, spec.cv, spec.durationS);
    case "diurnal": {
      const waves = spec.amplitude.map((amplitude, i) => {
        const periodS = spec.periodS[i] ?? 86_400;
        return { amplitude, periodS, peakS: spec.peakS?.[i] ?? periodS / 2 };
      });
      return diurnal(spec.meanRps * spec.scale, waves, spec.durationS);
    }
    case "surge":
      return surge(
        { ...spec, baseRps: spec.baseRps * spec.scale, firstS: spec.firstS ?? spec.everyS / 2 },
        spec.durationS,
      );
    case "clients":
      return openClients(spec, folders);
    case "trace":
      return openTrace(spec, folders);
  }
}

/**
 * The workload a checked block describes, all data read.
 * @throws {TraceError} when a file it names is missing, saying where it was looked for, or damaged
 */
export async function openWorkload(spec: WorkloadSpec, folders: DataFolders): Promise<Workload> {
  if (spec.model !== "sum") return openSingle(spec, folders);
  return merge("sum", await Promise.all(spec.parts.map((part) => openSingle(part, folders))));
}
