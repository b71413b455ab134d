// Data as JSON text: the one form of infinities, and one text for one value.

import type { Json } from "./agent.ts";

const INFINITY = "Infinity";

/**
 * The value as JSON data. JSON has no infinity, so `Infinity` ("never" as a knob value) becomes the text "Infinity"
 * and `-Infinity` "-Infinity"; `fromJson` turns them back. Fields that are undefined are left out.
 * @throws {TypeError} for NaN, functions, symbols and big integers
 */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (Number.isNaN(value)) throw new TypeError("JSON: expected a number, found NaN");
    return Number.isFinite(value) ? value : value > 0 ? INFINITY : `-${INFINITY}`;
  }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, toJson);
  if (typeof value !== "object") throw new TypeError(`JSON: expected data, found a ${typeof value}`);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]) => [name, toJson(field)]),
  );
}

/** The inverse of `toJson` for what has infinities in it: the texts "Infinity" and "-Infinity" become numbers. */
export function fromJson(value: Json): unknown {
  if (value === INFINITY) return Number.POSITIVE_INFINITY;
  if (value === `-${INFINITY}`) return Number.NEGATIVE_INFINITY;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(fromJson);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fromJson(field)]));
}

function write(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${write(field)}`).join(",")}}`;
}

/** One text for one value: keys in code-unit order, no spaces, infinities as `toJson` writes them. */
export function canonicalJson(value: unknown): string {
  return write(toJson(value));
}
