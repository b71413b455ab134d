// Reads clients with fitted inter-arrival families per window, and the total rate they are part of.

import { TraceError } from "../../core/index.ts";
import type { Client, ClientWindow } from "../clients.ts";
import type { GapFamily } from "../renewal.ts";
import { csvRows } from "./text.ts";
import { shown } from "./trace-rows.ts";

const COLUMNS = ["client", "t_s", "rate_rps", "cv", "iat_family", "arg1", "arg2"] as const;
type Column = (typeof COLUMNS)[number];

/** Gap families by their name in the file; `arg1` is the shape of each. */
const FAMILIES: Readonly<Record<string, GapFamily>> = { gamma: "gamma", weibull: "weibull" };

/**
 * Clients from a CSV file with the columns client, t_s, rate_rps, cv, iat_family (Gamma or Weibull), arg1 (its
 * shape), arg2 (its scale, implied by the rate and not read); one row per client and window, in order of time.
 * @param windowS length of a window
 * @throws {TraceError} for the first row that cannot be
 */
export async function readClients(path: string, source: string, windowS: number): Promise<Client[]> {
  const windows = new Map<string, ClientWindow[]>();
  let at: ReadonlyMap<Column, number> | null = null;
  let row = 0;
  for await (const values of csvRows(path, source)) {
    row++;
    if (at === null) {
      const names = values.map((name) => name.toLowerCase());
      at = new Map(COLUMNS.map((column) => [column, names.indexOf(column)]));
      const missing = COLUMNS.filter((column) => !names.includes(column));
      if (missing.length > 0) {
        throw new TraceError(`${source}: header: expected ${COLUMNS.join(", ")}, found no ${missing.join(", ")}`);
      }
      continue;
    }
    const columns = at;
    const text = (column: Column): string => values[columns.get(column) ?? -1] ?? "";
    const number = (column: Column, expected: string, allowed: (value: number) => boolean): number => {
      const value = text(column) === "" ? Number.NaN : Number(text(column));
      if (Number.isFinite(value) && allowed(value)) return value;
      throw new TraceError(
        `${source}: row ${row}, column ${column}: expected ${expected}, found ${shown(text(column))}`,
      );
    };
    const list = windows.get(text("client")) ?? [];
    const last = list.at(-1)?.toS ?? -Infinity;
    const fromS = number("t_s", `a time of at least ${Math.max(0, last)} s`, (value) => value >= Math.max(0, last));
    const rateRps = number("rate_rps", "a rate of at least 0", (value) => value >= 0);
    const shape = number("arg1", "a shape greater than 0", (value) => value > 0);
    const family = FAMILIES[text("iat_family").toLowerCase()];
    if (family === undefined) {
      throw new TraceError(
        `${source}: row ${row}, column iat_family: expected Gamma or Weibull, found ${shown(text("iat_family"))}`,
      );
    }
    if (rateRps > 0) list.push({ fromS, toS: fromS + windowS, rateRps, family, shape });
    windows.set(text("client"), list);
  }
  if (row < 2) throw new TraceError(`${source}: expected at least one row of data, found none`);
  return [...windows].map(([name, list]) => ({ name, windows: list }));
}

/** Whether a CSV file holds clients rather than a trace, told by its header. */
export async function readsClients(path: string, source: string): Promise<boolean> {
  if (!/\.csv(\.gz)?$/i.test(path)) return false;
  for await (const names of csvRows(path, source)) return names.some((name) => name.toLowerCase() === "client");
  return false;
}
