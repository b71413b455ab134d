// The one stream of events: read by fetch, since it must carry the token; found again by itself after the service restarts.

import { ApiError, headers } from "./api.ts";

/** What the stream tells. */
export interface LiveEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How the stream fares; "locked" waits for a token. */
export type LiveState = "connecting" | "live" | "lost" | "locked";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

const listeners = new Set<(event: LiveEvent) => void>();
const watchers = new Set<(state: LiveState) => void>();
let state: LiveState = "connecting";
let wake: (() => void) | null = null;

function enter(next: LiveState): void {
  if (next === state) return;
  state = next;
  for (const watcher of watchers) watcher(state);
}

/** Calls a listener with every event; also with "hello" whenever the stream is found again. @returns a function that ends it */
export function onLive(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls a watcher with every change of state. @returns a function that ends it */
export function onLiveState(watcher: (state: LiveState) => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** How the stream fares now. */
export function liveState(): LiveState {
  return state;
}

/** Tries at once, such as after a token was given. */
export function reconnect(): void {
  wake?.();
}

function parsed(block: string): LiveEvent | null {
  const field = (name: string): string | undefined =>
    block
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const [event, data] = [field("event"), field("data")];
  return event === undefined || data === undefined ? null : { event, data: JSON.parse(data) };
}

async function read(): Promise<void> {
  const response = await fetch("/v1/events", { headers: headers() });
  if (!response.ok || response.body === null) throw new ApiError(response.status, response.statusText);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parsed(block);
      if (event === null) continue;
      if (event.event === "hello") enter("live");
      for (const listener of listeners) listener(event);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Follows the stream for as long as the page is open. */
export async function followLive(): Promise<never> {
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      await read();
      pauseMs = FIRST_PAUSE_MS;
      enter("lost");
    } catch (error) {
      enter(error instanceof ApiError && error.status === 401 ? "locked" : "lost");
    }
    await pause(pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
  }
}
