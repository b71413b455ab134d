// What a profile is: the mean service time of a model on one model instance.

/** Where on the surface: absent fields take the profile's own default. */
export interface ServicePoint {
  readonly batch: number;
  readonly intraOpThreads?: number;
  readonly tensorParallel?: number;
  readonly memoryMb?: number;
}

/** Mean service time over batch size, threads, memory or tensor parallelism, on one kind of device. */
export interface ServiceProfile {
  readonly name: string;
  /** Mean service time in ms, > 0; interpolated between measured points. */
  serviceMs(point: ServicePoint): number;
}
