// What estimates the residual of the model at configurations that were not measured: regions, a Gaussian process, or less.

/** One observation of the residual, averaged over its visits. */
export interface ResidualObservation {
  /** Positions on the lattice, shape [knobs]; a pseudo-observation's may lie between configurations. */
  readonly positions: Float64Array;
  /** The configuration measured; -1 for a pseudo-observation. */
  readonly index: number;
  /** The configuration measured, or for a pseudo-observation the one nearest to what was measured. */
  readonly near: number;
  value: number;
  weight: number;
}

/** Mean and relative doubt of the residual everywhere. */
export interface ResidualEstimator {
  /** Takes the observations as they now are; their order matters to the last bit, so that a restored state is the same. */
  fit(observations: readonly ResidualObservation[]): void;
  /** A further observation, after all those of the last fit. */
  add(observation: ResidualObservation): void;
  /** Expected residual of configuration i. */
  mean(i: number): number;
  /** Variance of configuration i over the variance where nothing is known; in (0, 1]. */
  doubt(i: number): number;
  /** How densely configuration i's surroundings are measured; 0 for not at all. */
  density(i: number): number;
}
