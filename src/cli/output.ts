// What the command line prints: one JSON document or a table to stdout, progress and logs to stderr.

import cliProgress from "cli-progress";
import Table from "cli-table3";
import pico from "picocolors";
import { toJson } from "../spaces/index.ts";

/** Writes the one JSON document of a `--json` run. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(toJson(value), null, 2)}\n`);
}

/** Writes a line of text for people. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A table is fitted to a terminal this wide at least; narrower ones wrap lines themselves. */
const NARROWEST = 60;

/** Widths for columns that together fit `width`; null where they fit as they are. Takes from the widest. */
export function fittedWidths(widest: readonly number[], width: number): number[] | null {
  const frame = 1 + 3 * widest.length;
  const widths = [...widest];
  const room = Math.max(NARROWEST, width) - frame;
  let excess = widths.reduce((sum, one) => sum + one, 0) - room;
  if (excess <= 0) return null;
  while (excess > 0) {
    const at = widths.indexOf(Math.max(...widths));
    const here = widths[at] ?? 0;
    if (here <= 6) break;
    widths[at] = here - 1;
    excess -= 1;
  }
  return widths;
}

/** Writes a table for people, no wider than the terminal; numbers are right-aligned. */
export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const aligns = head.map((_, i) => (rows.every((row) => typeof row[i] === "number") ? "right" : "left"));
  const widest = head.map((title, i) => Math.max(title.length, ...rows.map((row) => String(row[i] ?? "").length)));
  const widths = process.stdout.isTTY ? fittedWidths(widest, process.stdout.columns) : null;
  const table = new Table({
    head: head.map((title) => pico.bold(title)),
    colAligns: aligns,
    style: { head: [], border: [] },
    ...(widths === null ? {} : { colWidths: widths.map((one) => one + 2), wordWrap: true, wrapOnWordBoundary: false }),
  });
  for (const row of rows) table.push(row.map(String));
  printLine(table.toString());
}

/** Says how far a long task is: a bar with time left on a terminal, a line every so often elsewhere. */
export interface Progress {
  /** @param share done, in [0, 1] */
  update(share: number, what: string): void;
  stop(): void;
}

/** A line is written at most this often where stderr is no terminal. */
const LINE_EVERY_MS = 10_000;

function linesOfProgress(task: string): Progress {
  let lastMs = Date.now();
  return {
    update(share, what) {
      if (Date.now() - lastMs < LINE_EVERY_MS) return;
      lastMs = Date.now();
      process.stderr.write(`${task}: ${(100 * share).toFixed(1)} % ${what}\n`);
    },
    stop() {},
  };
}

/** How fast a task goes. */
function rateText(share: number, tookMs: number): string {
  const perMinute = (100 * share) / Math.max(1e-3, tookMs / 60_000);
  return `${perMinute.toFixed(perMinute < 10 ? 1 : 0)} %/min`;
}

/** Starts to report a task's progress on stderr. */
export function startProgress(task: string): Progress {
  if (!process.stderr.isTTY) return linesOfProgress(task);
  const bar = new cliProgress.SingleBar(
    {
      stream: process.stderr,
      format: `${task} [{bar}] {percentage} % | {rate} | {eta_formatted} left | {what}`,
      hideCursor: true,
      etaBuffer: 20,
    },
    cliProgress.Presets.shades_classic,
  );
  const startedMs = Date.now();
  bar.start(1000, 0, { what: "", rate: "–" });
  return {
    update: (share, what) =>
      bar.update(Math.round(1000 * share), { what, rate: rateText(share, Date.now() - startedMs) }),
    stop: () => bar.stop(),
  };
}

/** Money for people: more digits where it is little. */
export function usd(value: number): string {
  return `$${value.toFixed(Math.abs(value) < 1 ? 4 : 2)}`;
}
