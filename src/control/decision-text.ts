// Decisions in words, for the console and for people who ask why.

import { type Configuration, type DecisionRecord, type GuardAction, toJson } from "../core/index.ts";

/** A configuration as a short text, knob by knob. */
export function configurationText(configuration: Configuration): string {
  return Object.entries(configuration)
    .map(([name, value]) => `${name}=${String(toJson(value))}`)
    .join(" ");
}

/** Only the knobs in which `to` differs from `from`, as "name old → new"; "name=new" where there was none. */
export function changeText(from: Configuration, to: Configuration): string {
  return Object.keys(to)
    .filter((name) => from[name] !== to[name])
    .map((name) => {
      const before = from[name];
      const after = String(toJson(to[name]));
      return before === undefined ? `${name}=${after}` : `${name} ${String(toJson(before))} → ${after}`;
    })
    .join(", ");
}

/** A reason followed by what the guards did to it. */
export function reasonText(reason: string, guards: readonly GuardAction[]): string {
  return [reason, ...guards.map((action) => `${action.guard}: ${action.reason}`)].join("; ");
}

function clock(timeS: number): string {
  const minutes = Math.floor(timeS / 60);
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `day ${Math.floor(minutes / 1440)} ${pad(Math.floor((minutes % 1440) / 60))}:${pad(minutes % 60)}`;
}

/** A decision as one line: when, load, configuration, latency, cost, and why. */
export function decisionLine(record: DecisionRecord): string {
  const { observation } = record;
  if (observation === null) return `${clock(record.timeS)}  ${record.outcome}  ${record.reason}`;
  const { metrics, configuration } = observation;
  const p99 = metrics.latency === null ? "none served" : `p99 ${metrics.latency.p99Ms.toFixed(0)} ms`;
  return [
    clock(record.timeS),
    `${metrics.arrivalRateRps.toFixed(1)} req/s`,
    configurationText(configuration),
    p99,
    `${metrics.costUsdPerHour.toFixed(2)} USD/h`,
    `${record.outcome} by ${record.actor} (${record.trust}): ${record.reason}`,
  ].join("  ");
}
