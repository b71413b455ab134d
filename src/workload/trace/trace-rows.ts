// Turns rows of named columns into a trace, refusing the first impossible value by file, row and column.

import { TraceError } from "../../core/index.ts";
import { GrowingArray, type TraceData } from "./trace-data.ts";

/** Bounds against files that are not traces; a year of seconds is 31.5 million rows. */
const MAX_ROWS = 100_000_000;
const MAX_COUNT_PER_BIN = 100_000_000;
/** Relative slack when rows are checked against an even step: clocks are printed with a few decimals. */
const STEP_TOLERANCE = 1e-3;

const COUNT_NAMES = ["count", "requests"];
const RATE_NAMES = ["rate_rps", "rate", "rps"];
const TIME_UNITS_S: Readonly<Record<string, number>> = {
  t_s: 1,
  time_s: 1,
  timestamp_s: 1,
  arrival_s: 1,
  t_ms: 1e-3,
  time_ms: 1e-3,
  timestamp_ms: 1e-3,
  arrival_ms: 1e-3,
  t_us: 1e-6,
  t_ns: 1e-9,
  timestamp: 1,
  time: 1,
  arrival_time: 1,
  arrived_at: 1,
  datetime: 1,
};

/** A number in a column without a unit that is this large is a time since 1970 in ms, µs or ns. */
const EPOCH_UNITS_S: readonly (readonly [least: number, unitS: number])[] = [
  [1e17, 1e-9],
  [1e14, 1e-6],
  [1e11, 1e-3],
];
const NAMES_WITHOUT_UNIT = ["timestamp", "time", "arrival_time", "arrived_at", "datetime"];

const CALENDAR = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/;

/** How a value is shown in a refusal. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? `"${value}"` : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string" && value.trim() !== "") return Number(value);
  return Number.NaN;
}

function offsetS(zone: string | undefined): number {
  if (zone === undefined || zone === "Z" || zone === "UTC") return 0;
  const sign = zone.startsWith("-") ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60);
}

/** Whole seconds since 1970 and the fraction, kept apart so that sub-microsecond steps survive. */
function calendarTime(text: string): { readonly wholeS: number; readonly fractionS: number } | null {
  const match = CALENDAR.exec(text.trim());
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return { wholeS: ms / 1000 - offsetS(zone), fractionS: fraction === undefined ? 0 : Number(fraction) };
}

function find(names: readonly string[], wanted: readonly string[]): number {
  return names.findIndex((name) => wanted.includes(name));
}

/** Collects the rows of one trace. Row 1 is the first row of data's header line where there is one. */
export class TraceRows {
  readonly #source: string;
  readonly #names: readonly string[];
  readonly #time: number;
  readonly #value: number;
  readonly #kind: TraceData["kind"];
  #unitS: number;
  readonly #times = new GrowingArray();
  readonly #values = new GrowingArray();
  /** Time of the first row as the file has it; its whole seconds apart where it is a date. */
  #baseS = Number.NaN;
  #baseFractionS = 0;
  #row: number;

  /**
   * @param names column names as in the file
   * @param firstRow number of the first row of data
   * @throws {TraceError} when no column tells counts, rates or times
   */
  constructor(source: string, names: readonly string[], firstRow = 2) {
    const known = names.map((name) => name.trim().toLowerCase());
    this.#source = source;
    this.#names = names;
    this.#row = firstRow - 1;
    this.#time = find(known, Object.keys(TIME_UNITS_S));
    const counts = find(known, COUNT_NAMES);
    const rates = find(known, RATE_NAMES);
    this.#kind = counts >= 0 ? "counts" : rates >= 0 ? "rates" : "times";
    this.#value = Math.max(counts, rates);
    this.#unitS = TIME_UNITS_S[known[this.#time] ?? ""] ?? 1;
    if (known.includes("client")) {
      throw new TraceError(`${source}: expected a trace, found rates by client; name it as { clients: … }`);
    }
    if (this.#time < 0 && (this.#kind === "times" || this.#kind === "rates")) {
      throw new TraceError(
        `${source}: header: expected a column count, or t_s with count or rate_rps, or a time column ` +
          `(${Object.keys(TIME_UNITS_S).join(", ")}), found ${names.map(shown).join(", ") || "nothing"}`,
      );
    }
  }

  /** Positions of the columns that are read. */
  get columns(): readonly number[] {
    return [this.#time, this.#value].filter((column) => column >= 0);
  }

  #refuse(column: number, expected: string, value: unknown): TraceError {
    const name = this.#names[column] ?? "";
    return new TraceError(
      `${this.#source}: row ${this.#row}, column ${name}: expected ${expected}, found ${shown(value)}`,
    );
  }

  #timeOf(value: unknown): number {
    if (typeof value === "string") {
      const calendar = calendarTime(value);
      if (calendar !== null) {
        if (Number.isNaN(this.#baseS)) {
          this.#baseS = calendar.wholeS;
          this.#baseFractionS = calendar.fractionS;
        }
        return calendar.wholeS - this.#baseS + (calendar.fractionS - this.#baseFractionS);
      }
    }
    const raw = value instanceof Date ? value.getTime() / 1000 : numberOf(value);
    if (!Number.isFinite(raw)) {
      throw this.#refuse(this.#time, "a time: a number, or a date such as 2023-11-16 18:15:46.680", value);
    }
    if (Number.isNaN(this.#baseS)) {
      const plain = NAMES_WITHOUT_UNIT.includes((this.#names[this.#time] ?? "").trim().toLowerCase());
      if (plain) this.#unitS = EPOCH_UNITS_S.find(([least]) => raw >= least)?.[1] ?? this.#unitS;
      this.#baseS = raw;
    }
    return (raw - this.#baseS) * this.#unitS;
  }

  /** Adds one row, its values in the order of the names. @throws {TraceError} for an impossible value */
  add(values: ArrayLike<unknown>): void {
    this.#row++;
    if (this.#row > MAX_ROWS) {
      throw new TraceError(`${this.#source}: expected at most ${MAX_ROWS} rows, found more`);
    }
    if (this.#time >= 0) {
      const raw = values[this.#time];
      const timeS = this.#timeOf(raw);
      if (timeS < this.#times.last) {
        throw this.#refuse(this.#time, "a time no earlier than the row before", raw);
      }
      this.#times.push(timeS);
    }
    if (this.#value >= 0) this.#addValue(values[this.#value]);
  }

  #addValue(raw: unknown): void {
    const value = numberOf(raw);
    if (this.#kind === "counts" && !(Number.isInteger(value) && value >= 0 && value <= MAX_COUNT_PER_BIN)) {
      throw this.#refuse(this.#value, `a whole number from 0 to ${MAX_COUNT_PER_BIN}`, raw);
    }
    if (!(Number.isFinite(value) && value >= 0)) throw this.#refuse(this.#value, "a number of at least 0", raw);
    this.#values.push(value);
  }

  #stepS(firstRow: number): number {
    const times = this.#times.toArray();
    if (times.length < 2) return 1;
    const step = (times[1] ?? 0) - (times[0] ?? 0);
    const name = this.#names[this.#time] ?? "";
    for (let i = 1; i < times.length; i++) {
      const expected = i * step;
      if (step <= 0 || Math.abs((times[i] ?? 0) - expected) > STEP_TOLERANCE * step) {
        throw new TraceError(
          `${this.#source}: row ${firstRow + i}, column ${name}: expected one row every ${step} s, so ${expected} s ` +
            `after the first row, found ${times[i]} s; write a row with count 0 where nothing arrived`,
        );
      }
    }
    return step;
  }

  /** The whole trace. @throws {TraceError} when it is empty or its bins are uneven */
  finish(): TraceData {
    const rows = Math.max(this.#times.length, this.#values.length);
    if (rows === 0) throw new TraceError(`${this.#source}: expected at least one row of data, found none`);
    if (this.#kind === "times") return timesTrace(this.#times.toArray());
    const binS = this.#time >= 0 ? this.#stepS(this.#row - rows + 1) : 1;
    if (this.#kind === "rates") return { kind: "rates", binS, ratesRps: this.#values.toArray(), missing: [] };
    return { kind: "counts", binS, counts: this.#values.toCounts(), missing: [] };
  }
}

/** A trace of arrival times; it ends one mean gap after the last. */
export function timesTrace(timesS: Float64Array): TraceData {
  const lastS = timesS.at(-1) ?? 0;
  const durationS = timesS.length > 1 && lastS > 0 ? (lastS * timesS.length) / (timesS.length - 1) : lastS + 1;
  return { kind: "times", timesS, durationS, missing: [] };
}
