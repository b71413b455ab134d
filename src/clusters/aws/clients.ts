// AWS' services as they are asked: bounded in time, and their refusals told apart from failures.

import { ActuationError, ObservationError } from "../../core/index.ts";

/** Where the services are and who asks them. */
export interface AwsAccess {
  /** The SDK's own way of finding it when absent. */
  readonly region?: string;
  /** Of a stand-in for AWS; AWS itself when absent. */
  readonly endpoint?: string;
  /** The SDK's usual chain (environment, profile, role of the machine) when null. */
  readonly credentials: Credentials | null;
  readonly timeoutMs: number;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What a client of any service is made with. */
export interface ClientConfiguration {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
}

export function clientConfiguration({ region, endpoint, credentials }: AwsAccess): ClientConfiguration {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
  };
}

/** Whether the service answered that it will not, so that nothing was changed. */
function refused(cause: unknown): boolean {
  if (typeof cause !== "object" || cause === null) return false;
  const { $fault, $retryable } = cause as { readonly $fault?: unknown; readonly $retryable?: unknown };
  return $fault === "client" && $retryable === undefined;
}

function said(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}

/** Asks for something. @param place named in errors @throws {ObservationError} when no answer comes in time */
export async function readAws<T>(
  { timeoutMs }: AwsAccess,
  place: string,
  ask: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  try {
    return await ask({ abortSignal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    throw new ObservationError(`${place}: expected an answer, found ${said(cause)}`, { cause });
  }
}

/** Changes something. @param place named in errors @throws {ActuationError} */
export async function writeAws(
  { timeoutMs }: AwsAccess,
  place: string,
  ask: (options: { abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  try {
    await ask({ abortSignal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    const left = refused(cause) ? "unchanged" : "unknown";
    throw new ActuationError(`${place}: expected it changed, found ${said(cause)}`, { cause, left });
  }
}
