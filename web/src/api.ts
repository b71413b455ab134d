// The service as the dashboard sees it: typed by its contract, the token sent where one is needed, failures in words.

import type { components } from "./api-types.ts";

type Schemas = components["schemas"];
export type Cluster = Schemas["Cluster"];
export type Decision = Schemas["Decision"];
export type Proposal = Schemas["Proposal"];
export type Timeline = Schemas["Timeline"];
export type Mark = Timeline["marks"][number];
export type Savings = Schemas["Savings"];
export type Lattice = Schemas["Lattice"];
export type Training = Schemas["Training"];
export type Policy = Schemas["Policy"];
export type Scenario = Schemas["Scenario"];
export type Agent = Schemas["Agent"];
export type ExportFormat = Schemas["ExportFormat"];
export type Configuration = Schemas["Configuration"];
export type Mode = Cluster["mode"];
export type TrustName = Cluster["trust"]["trust"];

/** A list as the service sends it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** A request the service refused, or that did not get there. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

const TOKEN = "trimtab-token";

/** Keeps the token for this tab; the service never sees it in an address. */
export function setToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

/** What requests carry. */
export function headers(): Record<string, string> {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

async function refusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const detail =
    typeof body === "object" && body !== null && "detail" in body ? String(body.detail) : response.statusText;
  return new ApiError(response.status, detail);
}

/** Milliseconds after which a request is given up. */
const PATIENCE_MS = 20_000;

async function ask(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal: init.signal ?? AbortSignal.timeout(PATIENCE_MS) });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError(0, "the service does not answer");
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Reads something. @throws {ApiError} */
export async function get<T>(path: string): Promise<T> {
  return (await ask(path, { headers: headers() })).json();
}

/** Sends a command. @throws {ApiError} */
export async function send<T>(method: "POST" | "PUT", path: string, body: unknown): Promise<T> {
  const sent = { ...headers(), "content-type": "application/json" };
  return (await ask(path, { method, headers: sent, body: JSON.stringify(body) })).json();
}

/** Saves what a path answers with as a file. @throws {ApiError} */
export async function download(path: string, fileName: string): Promise<void> {
  const blob = await (await ask(path, { headers: headers() })).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(link.href);
}
