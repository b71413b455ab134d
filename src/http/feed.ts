// Everything that goes on in the service as one stream: decisions of all clusters, and trainings.

import { toJson } from "../core/index.ts";
import type { EventSource } from "./route.ts";

/** What happens is gathered for this long, so that a fast cluster does not flood a page. */
const GATHER_MS = 250;

/** Entries of one message at most; the latest stay. */
const MOST_ENTRIES = 100;

/** Something that went on. */
export interface FeedEntry {
  /** Later ones of the same topic take the place of earlier ones not yet sent. */
  readonly topic: string;
  readonly event: "cluster" | "training" | "proposal";
  readonly data: unknown;
}

/** One publisher, any number of listeners. */
export class Feed {
  readonly #listeners = new Set<(entry: FeedEntry) => void>();

  publish(entry: FeedEntry): void {
    for (const listener of this.#listeners) listener(entry);
  }

  /** The stream from now on: of each topic the latest, a few times a second. */
  readonly source: EventSource = (send) => {
    let waiting = new Map<string, FeedEntry>();
    let timer: NodeJS.Timeout | null = null;
    const flush = (): void => {
      timer = null;
      const entries = [...waiting.values()].slice(-MOST_ENTRIES);
      waiting = new Map();
      for (const { event, data } of entries) send(event, toJson(data));
    };
    const listener = (entry: FeedEntry): void => {
      waiting.delete(entry.topic);
      waiting.set(entry.topic, entry);
      timer ??= setTimeout(flush, GATHER_MS);
    };
    this.#listeners.add(listener);
    send("hello", {});
    return () => {
      if (timer !== null) clearTimeout(timer);
      this.#listeners.delete(listener);
    };
  };
}
