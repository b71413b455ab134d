// For formats that hold one setting: what the policy chooses most often of the knobs they can set.

import { type Configuration, ExportError, type ExportSource } from "../core/index.ts";

/**
 * The most frequent values of some knobs, of those the lattice has.
 * @throws {ExportError} when it has none of them
 */
export async function fixedChoice(
  source: ExportSource,
  format: string,
  names: readonly string[],
): Promise<Configuration> {
  const held = names.filter((name) => source.lattice.knobs.some((knob) => knob.name === name));
  if (held.length === 0) {
    const found = source.lattice.knobs.map(({ name }) => name).join(", ");
    throw new ExportError(`${format}: expected one of the knobs ${names.join(", ")}, found ${found}`);
  }
  const counts = new Map<string, { readonly choice: Configuration; times: number }>();
  for (const observation of await source.observations()) {
    const chosen = source.act(observation);
    const choice = Object.fromEntries(held.map((name) => [name, chosen[name] ?? 0]));
    const key = JSON.stringify(Object.values(choice).map(String));
    const known = counts.get(key) ?? { choice, times: 0 };
    known.times += 1;
    counts.set(key, known);
  }
  const [first, ...others] = counts.values();
  if (first === undefined) throw new ExportError(`${format}: expected observations, found none`);
  return others.reduce((most, one) => (one.times > most.times ? one : most), first).choice;
}

/** A whole number of a choice; null where the knob is not there. @throws {ExportError} for anything else */
export function wholeOf(choice: Configuration, name: string, format: string): number | null {
  const value = choice[name];
  if (value === undefined) return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ExportError(`${format}: ${name}: expected a finite number, found ${value}`);
}
