// A function called by AWS Lambda's Invoke API: its event is the infer request, its result the answer.
//
// A throttled call was not served; an error of the function's own (`FunctionError`) is an answer of status 502.

import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { FunctionSettings } from "./settings.ts";
import type { Upstream, UpstreamAnswer, UpstreamCall } from "./upstream.ts";

type LambdaSettings = NonNullable<FunctionSettings["lambda"]>;

/** Raised by the service when it has turned a call away without running the function. */
const NOT_SERVED = new Set(["TooManyRequestsException", "ResourceNotFoundException", "AccessDeniedException"]);

function answerOf(payload: Uint8Array | undefined, functionError: string | undefined): UpstreamAnswer {
  const body = Buffer.from(payload ?? new Uint8Array());
  const headers = { "content-type": "application/json" };
  if (functionError === undefined) return { status: 200, headers, body };
  const error = `function: expected an answer, found ${functionError}: ${body.toString("utf8", 0, 200)}`;
  return { status: 502, headers, body: Buffer.from(JSON.stringify({ error })) };
}

class LambdaUpstream implements Upstream {
  readonly #client: LambdaClient;
  readonly #settings: LambdaSettings;
  readonly #sdk: typeof import("@aws-sdk/client-lambda");

  constructor(sdk: typeof import("@aws-sdk/client-lambda"), settings: LambdaSettings) {
    const { region, endpoint } = settings;
    this.#sdk = sdk;
    this.#settings = settings;
    this.#client = new sdk.LambdaClient({
      // Attempts are the gateway's to make: it knows which requests may be served twice.
      maxAttempts: 1,
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    });
  }

  send(call: UpstreamCall): (reason: string) => void {
    const abort = new AbortController();
    let ended = false;
    const end = (finish: () => void): void => {
      if (ended) return;
      ended = true;
      finish();
    };
    const command = new this.#sdk.InvokeCommand({ FunctionName: this.#settings.functionName, Payload: call.body });
    this.#client.send(command, { abortSignal: abort.signal }).then(
      ({ Payload, FunctionError }) => end(() => call.onAnswer(answerOf(Payload, FunctionError))),
      (error: unknown) => {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        end(() => call.onFailure({ message: `${name}: ${message}`, mayHaveReached: !NOT_SERVED.has(name) }));
      },
    );
    return (reason) => {
      abort.abort();
      end(() => call.onFailure({ message: reason, mayHaveReached: true }));
    };
  }

  async fetch(): Promise<null> {
    return null;
  }

  async probe(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }
}

/** A Lambda function to offload to; the SDK is loaded here and nowhere else. */
export async function lambdaUpstream(settings: LambdaSettings): Promise<Upstream> {
  return new LambdaUpstream(await import("@aws-sdk/client-lambda"), settings);
}
