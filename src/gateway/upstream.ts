// What a batch is sent to: a model server or a function, by one call that ends in one answer or one failure.

/** An answer of a server, whatever its status. */
export interface UpstreamAnswer {
  readonly status: number;
  /** Those of the headers that concern the body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Why there was no answer. */
export interface UpstreamFailure {
  readonly message: string;
  /** False only when it is certain that the server saw nothing of it. */
  readonly mayHaveReached: boolean;
}

/** One call. Exactly one of the two callbacks is called, once. */
export interface UpstreamCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  onAnswer(answer: UpstreamAnswer): void;
  onFailure(failure: UpstreamFailure): void;
}

/** A server that answers infer requests. */
export interface Upstream {
  /** @returns gives the call up; a call given up fails, unless it has ended */
  send(call: UpstreamCall): (reason: string) => void;
  /** Reads one of its addresses, such as a model's metadata; null when there is no answer. */
  fetch(path: string): Promise<UpstreamAnswer | null>;
  /** Asks whether it takes requests. */
  probe(): Promise<boolean>;
  /** Once nothing is under way. */
  close(): Promise<void>;
}

/** Headers that go through with a request served alone, and with its answer. */
export const BODY_HEADERS: readonly string[] = ["content-type", "content-encoding", "inference-header-content-length"];
