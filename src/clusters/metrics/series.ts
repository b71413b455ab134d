// Time series as metrics sources tell them, and what is remembered of them so that windows follow each other without
// gap or overlap: each window starts at the sample the one before it ended at.

import { ObservationError } from "../../core/index.ts";

/** A number at a moment. */
export interface Sample {
  /** Since 1970-01-01 UTC, when it was taken. */
  readonly timeS: number;
  readonly value: number;
}

/** What one instance tells under one name and one set of labels. */
export interface Series {
  readonly name: string;
  /** Without the name. */
  readonly labels: Readonly<Record<string, string>>;
  /** The process that counts; its counters start at 0 with it. */
  readonly instance: string;
  /** Ascending in time; at least one. */
  readonly samples: readonly Sample[];
  /** Still told at the window's end; what is not was scaled away or lost. */
  readonly present: boolean;
}

/** Which series: of each instance those of the first name it has, with all of the labels. */
export interface Selector {
  readonly names: readonly string[];
  readonly match: Readonly<Record<string, string>>;
}

/** Where series come from. */
export interface SeriesSource {
  /** Named in errors. */
  readonly name: string;
  /** Looks at what is there now; absent where a source can be asked for what was. */
  sample?(): Promise<void>;
  /** Starts the next window's reads. @throws {ObservationError} when the source does not answer */
  begin(): Promise<void>;
  /** What the window holds; empty where there is no such series. */
  read(selector: Selector): Promise<readonly Series[]>;
  /** Ends the window. @throws {ObservationError} when a part of what was read is stale or missing */
  end(): Promise<void>;
  /** The next window starts now, whatever came before. */
  restart(): void;
  close(): Promise<void>;
}

/** Raised when a counter went back: its process was started anew, and what it had counted since is lost. */
export class CounterReset extends ObservationError {}

/** How a series is written in messages. */
export function seriesText({ name, labels }: Pick<Series, "name" | "labels">): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length > 0 ? `${name}{${pairs.join(", ")}}` : name;
}

function keyOf({ name, labels, instance }: Series): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([instance, name, pairs]);
}

/** Of each instance the series of the first name it has. */
export function preferred(series: readonly Series[], names: readonly string[]): readonly Series[] {
  const rank = (one: Series): number => names.indexOf(one.name);
  const best = new Map<string, number>();
  for (const one of series) best.set(one.instance, Math.min(rank(one), best.get(one.instance) ?? names.length));
  return series.filter((one) => rank(one) === best.get(one.instance));
}

/** The last sample of a series, and who told it. */
interface Told {
  readonly instance: string;
  readonly sample: Sample;
}

/** The last sample told of each series. Samples followed count as told once the window is whole and committed. */
export class SeriesMemory {
  #told = new Map<string, Told>();
  #followed = new Map<string, Told>();
  /** When each instance was last heard. */
  #heardS = new Map<string, number>();

  /**
   * The series' samples since the last window, the one that window ended at in front.
   *
   * A series that is new starts at its first sample; but a counter that is new in a process already known counted from
   * 0, since clients make series of rare labels on first use.
   * @throws {ObservationError} for a sample that is no number
   * @throws {CounterReset} for a counter that went back
   */
  follow(series: Series, kind: "counter" | "gauge"): readonly Sample[] {
    const { instance } = series;
    const key = keyOf(series);
    const last = this.#told.get(key)?.sample ?? this.#born(instance, kind);
    const newer = series.samples.filter(({ timeS }) => last === null || timeS > last.timeS);
    const samples = last === null ? newer : [last, ...newer];
    let before = samples[0]?.value ?? 0;
    for (const { value } of samples) {
      if (!Number.isFinite(value)) {
        throw new ObservationError(`${seriesText(series)}: expected a number, found ${value}`);
      }
      if (kind === "counter" && value < before) {
        throw new CounterReset(`${seriesText(series)}: expected a counter that grows, found ${value} after ${before}`);
      }
      before = value;
    }
    const end = samples.at(-1);
    if (end !== undefined) this.#followed.set(key, { instance, sample: end });
    return samples;
  }

  /** What was followed is told; what was not is forgotten. */
  commit(): void {
    this.#told = this.#followed;
    this.#followed = new Map();
    this.#heardS = new Map([...this.#told.values()].map(({ instance, sample }) => [instance, sample.timeS]));
  }

  /** What was followed since the last commit was not told. */
  rollBack(): void {
    this.#followed = new Map();
  }

  /** Every series starts anew. */
  forget(): void {
    this.#told = new Map();
    this.#followed = new Map();
    this.#heardS = new Map();
  }

  #born(instance: string, kind: "counter" | "gauge"): Sample | null {
    const timeS = this.#heardS.get(instance);
    return kind === "counter" && timeS !== undefined ? { timeS, value: 0 } : null;
  }
}
