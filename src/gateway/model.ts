// A model behind the gateway: requests come in, wait in a lane, are served in batches or turned away, and are answered once.
//
// A request that may have reached a backend is tried again only where it is marked idempotent; one that certainly did
// not goes back to the front of its lane until its deadline.

import { errorAnswer, type GatewayAnswer, type Reason } from "./answer.ts";
import type { Backend } from "./backend.ts";
import { BackendPool } from "./backend-pool.ts";
import { Dispatching } from "./dispatching.ts";
import { readInferBody } from "./infer-body.ts";
import { ScanError } from "./json-scan.ts";
import { Lane } from "./lane.ts";
import { Meter } from "./meter.ts";
import { Occupancy } from "./occupancy.ts";
import type { GatewayRequest } from "./request.ts";
import type { ModelConfiguration, ModelSettings } from "./settings.ts";

/** A configuration on trial. */
export interface Canary {
  /** Of the traffic, in (0, 1]. */
  readonly share: number;
  readonly configuration: ModelConfiguration;
}

/** How a request was let in. */
export interface Admission {
  /** Whether it is served under the canary's configuration. */
  readonly canary: boolean;
  readonly meters: readonly Meter[];
}

/** Lanes of one configuration: for the backends, and for the function. */
interface Lanes {
  readonly own: Lane;
  readonly atFunction: Lane;
}

/** What a served model works with. */
export interface ServedModelParts {
  readonly settings: ModelSettings;
  /** Null where nothing is offloaded. */
  readonly offload: Backend | null;
  readonly nowMs: () => number;
  /** In [0, 1); which requests a canary gets. */
  readonly chance: () => number;
}

/** One model, its traffic and its knobs. */
export class ServedModel {
  readonly settings: ModelSettings;
  readonly pool: BackendPool;
  readonly functions: BackendPool;
  readonly whole = new Meter();
  readonly occupancy: Occupancy;
  /** Metrics of the canary that runs, or ran last. */
  canaryMeter = new Meter();
  canarySinceMs = 0;
  readonly #nowMs: () => number;
  readonly #chance: () => number;
  readonly #dispatching: Dispatching;
  readonly #lanes: readonly [Lanes, Lanes];
  readonly #plain: Admission = { canary: false, meters: [this.whole] };
  #configuration: ModelConfiguration;
  #canary: Canary | null = null;
  #draining = false;

  constructor({ settings, offload, nowMs, chance }: ServedModelParts) {
    this.settings = settings;
    this.#nowMs = nowMs;
    this.#chance = chance;
    this.#configuration = settings.configuration;
    this.pool = new BackendPool(settings.configuration.concurrency);
    this.functions = new BackendPool(1);
    this.functions.backends = offload === null ? [] : [offload];
    this.occupancy = new Occupancy(nowMs());
    this.#dispatching = new Dispatching({
      settings,
      nowMs,
      giveBack: (requests) => this.#giveBack(requests),
      changed: () => this.#changed(),
      pump: () => this.pump(),
    });
    this.#lanes = [this.#makeLanes(), this.#makeLanes()];
    this.configure(settings.configuration, null);
  }

  get configuration(): ModelConfiguration {
    return this.#configuration;
  }

  get canary(): Canary | null {
    return this.#canary;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#lanes.reduce((sum, { own, atFunction }) => sum + own.waiting + atFunction.waiting, 0);
  }

  /** Requests that wait for the canary. */
  get canaryWaiting(): number {
    return this.#lanes[1].own.waiting + this.#lanes[1].atFunction.waiting;
  }

  /** Batches under way. */
  get inFlight(): number {
    return this.pool.inFlight + this.functions.inFlight;
  }

  /** Takes configurations over; asked again with the same ones, nothing happens. */
  configure(configuration: ModelConfiguration, canary: Canary | null): void {
    if (canary !== null && JSON.stringify(canary) !== JSON.stringify(this.#canary)) {
      this.canaryMeter = new Meter();
      this.canarySinceMs = this.#nowMs();
    }
    this.#configuration = configuration;
    this.#canary = canary;
    const whole = canary !== null && canary.share >= 1 ? canary.configuration : configuration;
    this.pool.concurrency = whole.concurrency;
    this.#lanes.forEach(({ own, atFunction }, i) => {
      const { maxBatchSize, maxBatchDelayMs, functionBatchSize } =
        i === 1 ? (canary?.configuration ?? whole) : configuration;
      own.limits = { maxBatchSize, maxBatchDelayMs };
      atFunction.limits = { maxBatchSize: functionBatchSize, maxBatchDelayMs };
    });
    this.#changed();
    this.pump();
  }

  /** Puts other backends in the place of those there are. Those that stay keep what is known of them. */
  useBackends(backends: readonly Backend[]): void {
    for (const old of this.pool.backends) if (!backends.includes(old)) old.close();
    this.pool.backends = backends;
    this.#changed();
    this.pump();
  }

  /** Counts a request at the input, before anything else is known of it, and says who measures it. */
  arrive(nowMs: number): Admission {
    this.whole.arrive(nowMs);
    const canary = this.#canary;
    if (canary === null || (canary.share < 1 && this.#chance() >= canary.share)) return this.#plain;
    this.canaryMeter.arrive(nowMs);
    return { canary: true, meters: [this.whole, this.canaryMeter] };
  }

  /** Takes a request that has arrived, to be answered in time. */
  submit(request: GatewayRequest): void {
    const { maxBatchSize, functionBatchSize, offloadThresholdMs } = this.#configurationOf(request);
    if (this.#draining) {
      this.refuse(request, 503, "draining", "the gateway stops and takes no more requests");
      return;
    }
    if (this.waiting >= this.settings.queueLimit) {
      const message = `queue: expected fewer than ${this.settings.queueLimit} requests waiting, found ${this.waiting}`;
      const waitMs = this.#predictedWaitMs(maxBatchSize);
      this.refuse(request, 429, "queue-full", message, Number.isFinite(waitMs) ? waitMs / 1000 : 1);
      return;
    }
    const mayOffload = this.functions.ready && offloadThresholdMs < Number.POSITIVE_INFINITY;
    request.offloaded = mayOffload && this.#predictedWaitMs(maxBatchSize) > offloadThresholdMs;
    if ((request.offloaded ? functionBatchSize : maxBatchSize) > 1 && !this.#read(request)) return;
    const lanes = this.#lanesOf(request);
    const lane = request.offloaded ? lanes.atFunction : lanes.own;
    lane.push(request);
    lane.pump();
  }

  /** Turns a request away. */
  refuse(request: GatewayRequest, status: number, reason: Reason, message: string, retryAfterS = 1): void {
    this.#dispatching.fail(request, errorAnswer(status, reason, message, retryAfterS), reason);
  }

  /** A client went away: its request is not served unless it is being served. */
  abandon(request: GatewayRequest): void {
    if (!request.cancel()) return;
    for (const meter of request.meters) meter.cancelled += 1;
    this.#eachLane((lane) => lane.remove((one) => one === request));
  }

  /** Gives up what is past its deadline or hung, and looks for what can be sent. To be called every few milliseconds. */
  sweep(): void {
    const nowMs = this.#nowMs();
    if (this.waiting > 0) {
      this.#eachLane((lane) => {
        for (const request of lane.remove(({ deadlineMs }) => deadlineMs <= nowMs)) {
          this.refuse(request, 503, "deadline", "deadline: expected to be served in time, found none free");
        }
      });
    }
    if (this.inFlight > 0) this.#dispatching.sweep(nowMs);
    if (this.waiting > 0) this.pump();
  }

  pump(): void {
    this.#eachLane((lane) => lane.pump());
  }

  /** Asks a backend that is up, for what the gateway does not know itself; null when none answers. */
  async ask(path: string): Promise<GatewayAnswer | null> {
    const backend = this.pool.backends.find(({ ready }) => ready);
    return backend === undefined ? null : backend.upstream.fetch(path);
  }

  /** Takes no more requests. */
  drain(): void {
    this.#draining = true;
  }

  /** Fails what is left, once it has had its time. */
  close(): void {
    this.drain();
    this.#dispatching.stop("the gateway stopped");
    this.#eachLane((lane) => {
      lane.stop();
      for (const request of lane.remove(() => true)) this.refuse(request, 503, "draining", "the gateway stopped");
    });
    for (const backend of [...this.pool.backends, ...this.functions.backends]) backend.close();
  }

  #predictedWaitMs(maxBatchSize: number): number {
    const waitingRows = this.#lanes.reduce((sum, { own }) => sum + own.waitingRows, 0);
    return this.pool.predictedWaitMs(waitingRows, maxBatchSize, this.#nowMs());
  }

  /** Reads a request's body, so that it can share a batch. @returns false when it was refused */
  #read(request: GatewayRequest): boolean {
    if (request.headers["inference-header-content-length"] !== undefined) return true;
    if (request.headers["content-encoding"] !== undefined) return true;
    try {
      request.infer = readInferBody(request.body);
      return true;
    } catch (error) {
      if (!(error instanceof ScanError)) throw error;
      this.#dispatching.fail(request, errorAnswer(400, "bad-request", error.message), "bad-request");
      return false;
    }
  }

  #configurationOf({ canary }: GatewayRequest): ModelConfiguration {
    return canary && this.#canary !== null ? this.#canary.configuration : this.#configuration;
  }

  #lanesOf({ canary }: GatewayRequest): Lanes {
    return this.#lanes[canary ? 1 : 0];
  }

  #makeLanes(): Lanes {
    const limits = { maxBatchSize: 1, maxBatchDelayMs: 0 };
    const lane = (pool: BackendPool): Lane =>
      new Lane(limits, (_lane, take, rows) => this.#dispatching.dispatch(pool, take, rows), this.#nowMs);
    return { own: lane(this.pool), atFunction: lane(this.functions) };
  }

  #eachLane(act: (lane: Lane) => void): void {
    for (const { own, atFunction } of this.#lanes) {
      act(own);
      act(atFunction);
    }
  }

  /** What the function never saw goes to the backends. */
  #giveBack(requests: readonly GatewayRequest[]): void {
    for (const canary of [false, true]) {
      const group = requests.filter((request) => request.canary === canary);
      for (const request of group) request.offloaded = false;
      if (group.length > 0) this.#lanes[canary ? 1 : 0].own.giveBack(group);
    }
  }

  #changed(): void {
    this.occupancy.note(this.#nowMs(), this.pool.inFlight, this.pool.slots);
  }
}
