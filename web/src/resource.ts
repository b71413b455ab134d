// Something of the service that a page shows: read once, and read again whenever the stream says that it may have changed.

import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, get } from "./api.ts";
import { type LiveEvent, onLive } from "./live.ts";

/** What is known of a resource; after a failure the last value stays. */
export interface Resource<T> {
  readonly value: T | null;
  readonly error: string | null;
  readonly reload: () => void;
}

/** How often a resource is read at most. */
const LEAST_PAUSE_MS = 700;

/**
 * Follows a resource.
 * @param path null for nothing yet
 * @param concerns whether an event may have changed it; "hello", after an interruption, always does
 */
export function useResource<T>(
  path: string | null,
  concerns: (event: LiveEvent) => boolean = () => false,
  pauseMs: number = LEAST_PAUSE_MS,
): Resource<T> {
  const [known, setKnown] = useState<{ path: string | null; value: T | null; error: string | null }>({
    path: null,
    value: null,
    error: null,
  });
  const load = useRef<() => void>(() => undefined);
  const interested = useRef(concerns);
  interested.current = concerns;
  useEffect(() => {
    if (path === null) return;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | null = null;
    let lastMs = Number.NEGATIVE_INFINITY;
    let under = false;
    let again = false;
    const read = async (): Promise<void> => {
      if (under) {
        again = true;
        return;
      }
      under = true;
      lastMs = performance.now();
      try {
        const value = await get<T>(path);
        if (!over) setKnown({ path, value, error: null });
      } catch (error) {
        const message = error instanceof ApiError ? error.message : String(error);
        if (!over) setKnown((before) => ({ path, value: before.path === path ? before.value : null, error: message }));
      }
      under = false;
      if (again && !over) {
        again = false;
        schedule();
      }
    };
    const schedule = (): void => {
      timer ??= setTimeout(
        () => {
          timer = null;
          if (!document.hidden) void read();
        },
        Math.max(0, lastMs + pauseMs - performance.now()),
      );
    };
    const onVisible = (): void => {
      if (!document.hidden) schedule();
    };
    load.current = schedule;
    void read();
    document.addEventListener("visibilitychange", onVisible);
    const unsubscribe = onLive((event) => {
      if (event.event === "hello" || interested.current(event)) schedule();
    });
    return () => {
      over = true;
      if (timer !== null) clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
      unsubscribe();
    };
  }, [path, pauseMs]);
  const stem = (text: string | null): string | undefined => text?.split("?")[0];
  // While another span of the same thing is read, the one before stays in view.
  const value = stem(known.path) === stem(path) ? known.value : null;
  return { value, error: known.error, reload: () => load.current() };
}

/** Whether an event is about a cluster. */
export function aboutCluster(name?: string): (event: LiveEvent) => boolean {
  return ({ event, data }) => event === "cluster" && (name === undefined || data["cluster"] === name);
}

/** Whether an event is about trainings. */
export function aboutTrainings({ event }: LiveEvent): boolean {
  return event === "training";
}
