// Feature values in bins of about equal counts: what a histogram tree learner sees of its rows.

/** Bins of one feature and the rows in them. */
export interface BinnedFeature {
  /** Ascending; a value is in the bin of the first edge that it does not exceed, the last bin has none. */
  readonly edges: Float64Array;
  /** Shape [rows]. */
  readonly bins: Uint8Array;
}

/** Rows the edges are read from, evenly spread; quantiles need no more. */
const SAMPLED_ROWS = 20_000;

function quantileEdges(values: Float64Array, count: number): Float64Array {
  const step = Math.max(1, Math.floor(values.length / SAMPLED_ROWS));
  const sample = values.filter((_, row) => row % step === 0).sort();
  const edges: number[] = [];
  for (let i = 1; i < count; i++) {
    const edge = sample[Math.floor((i * sample.length) / count)];
    if (edge !== undefined && edge > (edges.at(-1) ?? Number.NEGATIVE_INFINITY)) edges.push(edge);
  }
  if (edges.at(-1) === sample.at(-1)) edges.pop();
  return Float64Array.from(edges);
}

function binOf(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** @param values one feature, shape [rows] @param count most bins, at most 256 */
export function binFeature(values: Float64Array, count: number): BinnedFeature {
  const edges = quantileEdges(values, count);
  const bins = new Uint8Array(values.length);
  for (let row = 0; row < values.length; row++) bins[row] = binOf(edges, values[row] ?? 0);
  return { edges, bins };
}
