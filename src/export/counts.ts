// The knobs that count machines: what autoscalers can set.

import { type Configuration, ExportError, type ExportSource, type Knob } from "../core/index.ts";

/** A knob that counts machines, with the name of what is scaled by it. */
export interface CountKnob {
  readonly knob: Knob;
  /** A Kubernetes name, from the knob's. */
  readonly target: string;
  readonly least: number;
  readonly most: number;
  /** In the scenario's initial configuration. */
  readonly initial: number;
}

function targetOf(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/^instances\./, "")
    .replace(/\.ondemand$/, "");
  return words.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

/** The knobs of a list that count machines. @param initial the scenario's initial configuration */
export function countTargets(knobs: readonly Knob[], initial: Configuration): CountKnob[] {
  return knobs.flatMap((knob) => {
    const values = knob.values.filter((value): value is number => typeof value === "number");
    const first = initial[knob.name];
    if (!/(^|\/)(replicas$|instances\.)/.test(knob.name) || typeof first !== "number") return [];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return [{ knob, target: targetOf(knob.name), least, most, initial: first }];
  });
}

/** @throws {ExportError} when the policy counts nothing */
export function countKnobs({ spec, lattice }: ExportSource, format: string): CountKnob[] {
  const counts = countTargets(lattice.knobs, spec.bounds.initial);
  if (counts.length > 0) return counts;
  const found = lattice.knobs.map(({ name }) => name).join(", ");
  throw new ExportError(`${format}: expected a knob that counts machines (replicas, instances.*), found ${found}`);
}
