// Observations on the wire: plain arrays, or compressed little-endian doubles for who asks for them.

import { deflateSync } from "node:zlib";

/** Media type of the compressed form. */
export const GYM_ZLIB = "application/vnd.gym+zlib";

/** An observation in the form the client accepts. @param vector shape [size] */
export function observationJson(vector: Float64Array, accept: string): unknown {
  if (!accept.includes(GYM_ZLIB)) return [...vector];
  const bytes = new DataView(new ArrayBuffer(vector.length * 8));
  vector.forEach((value, i) => {
    bytes.setFloat64(i * 8, value, true);
  });
  return { type: "float64", data: deflateSync(new Uint8Array(bytes.buffer)).toString("base64") };
}
