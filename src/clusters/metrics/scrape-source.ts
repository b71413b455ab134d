// Series read from the servers themselves: their pages of metrics, fetched at a window's end and now and then before.

import { ObservationError } from "../../core/index.ts";
import type { Clock } from "../adapter-entry.ts";
import type { ServerClient } from "../server-client.ts";
import { type ExposedSample, parseExposition } from "./exposition.ts";
import type { Sample, Selector, Series, SeriesSource } from "./series.ts";

/** Pages kept of a window that cannot be told: an hour of one every 5 s. */
const MAX_PAGES = 720;

/** The samples of all servers at one moment. */
interface Page {
  readonly timeS: number;
  /** By server, in the order of the clients. */
  readonly samples: readonly (readonly ExposedSample[])[];
}

/** How pages are read. */
export interface ScrapeOptions {
  /** One for each server; each tells its own counters. */
  readonly clients: readonly ServerClient[];
  /** Path of the page, such as "metrics". */
  readonly path: string;
  readonly clock: Clock;
  /** Whether samples of a name are kept. */
  readonly wanted: (name: string) => boolean;
  /** Labels every series has. */
  readonly match: Readonly<Record<string, string>>;
}

/** Windows on the pages of servers. */
export class ScrapeSource implements SeriesSource {
  readonly name: string;
  readonly #options: ScrapeOptions;
  /** Since the last window told, whose last page is the first. */
  #pages: Page[] = [];

  constructor(options: ScrapeOptions) {
    this.#options = options;
    this.name = options.clients.map(({ endpoint }) => endpoint).join(", ");
  }

  /** Looks at the servers, so that the window has more than its two ends. */
  async sample(): Promise<void> {
    const { clients, path, clock, wanted } = this.#options;
    const texts = await Promise.all(clients.map((client) => client.read(path)));
    const timeS = clock.nowMs() / 1000;
    const last = this.#pages.at(-1)?.timeS ?? Number.NEGATIVE_INFINITY;
    if (timeS <= last) throw new ObservationError(`${this.name}: expected time after ${last} s, found ${timeS} s`);
    const samples = texts.map((text, i) => parseExposition(text, wanted, clients[i]?.endpoint ?? this.name));
    this.#pages.push({ timeS, samples });
    if (this.#pages.length > MAX_PAGES) this.#pages.splice(1, 1);
  }

  begin(): Promise<void> {
    return this.sample();
  }

  async read({ names, match }: Selector): Promise<readonly Series[]> {
    const labels = Object.entries({ ...this.#options.match, ...match });
    const found = new Map<string, Omit<Series, "samples" | "present"> & { readonly samples: Sample[] }>();
    for (const { timeS, samples } of this.#pages) {
      for (const [i, server] of samples.entries()) {
        for (const one of server) {
          if (!names.includes(one.name) || labels.some(([label, value]) => one.labels[label] !== value)) continue;
          const key = JSON.stringify([i, one.name, one.labels]);
          const series = found.get(key) ?? { name: one.name, labels: one.labels, instance: String(i), samples: [] };
          series.samples.push({ timeS, value: one.value });
          found.set(key, series);
        }
      }
    }
    const endS = this.#pages.at(-1)?.timeS;
    return [...found.values()].map((series) => ({ ...series, present: series.samples.at(-1)?.timeS === endS }));
  }

  async end(): Promise<void> {
    this.#pages = this.#pages.slice(-1);
  }

  restart(): void {
    this.#pages = [];
  }

  async close(): Promise<void> {}
}
