// Answers of the gateway: its own refusals and failures, and those of a backend passed on.

/** An answer of the gateway, its own or a backend's. */
export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Why a request got no answer of its model; sent as `x-trimtab-reason`. */
export type Reason =
  /** Refused at once: too much waits already. */
  | "queue-full"
  /** Refused: the gateway stops. */
  | "draining"
  /** Given up unserved: its time ran out while it waited. */
  | "deadline"
  /** Its time ran out while a backend had it, which may still serve it. */
  | "deadline-in-service"
  /** The backend failed, and may have served it. */
  | "backend-failed"
  /** The backend's answer to a batch could not be split. */
  | "unusable-answer"
  | "bad-request";

/** A refusal or failure in the protocol's form. @param retryAfterS when to come again, where that helps */
export function errorAnswer(status: number, reason: Reason, message: string, retryAfterS?: number): GatewayAnswer {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "x-trimtab-reason": reason,
      ...(retryAfterS === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(retryAfterS))) }),
    },
    body: Buffer.from(JSON.stringify({ error: message })),
  };
}
