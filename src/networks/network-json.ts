// Networks as JSON: kernels as lists of rows, short enough to read, exact enough to give the same numbers back.
//
// Nine significant digits tell any two 32-bit floats apart, so a network read back is the network that was written.

import { z } from "zod";
import { CheckpointError } from "../core/index.ts";
import { type DenseLayer, denseInputsOf, type Network, type RecurrentLayer } from "./network.ts";

const SIGNIFICANT_DIGITS = 9;

const rows = z.array(z.array(z.number()));

/** JSON form of a network. */
export const networkSchema = z.strictObject({
  /** Features the dense layers see before the recurrent layer's output. */
  inputs: z.number().int().positive(),
  recurrent: z
    .strictObject({
      /** Windows of the history it runs over, oldest first. */
      steps: z.number().int().positive(),
      inputs: z.number().int().positive(),
      units: z.number().int().positive(),
      /** Shape [inputs, 3·units]: gates z, r, then the candidate. */
      kernel: rows,
      /** Shape [units, 3·units]. */
      recurrentKernel: rows,
      /** Shape [3·units]. */
      bias: z.array(z.number()),
    })
    .nullable(),
  layers: z
    .array(
      z.strictObject({
        units: z.number().int().positive(),
        activation: z.enum(["linear", "tanh", "relu"]),
        /** Shape [inputs, units]. */
        kernel: rows,
        /** Shape [units]. */
        bias: z.array(z.number()),
        /** Given, not learnt. */
        fixed: z.boolean(),
      }),
    )
    .min(1),
});

function short(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS));
}

/** Many 32-bit floats as text, exact: base 64 of their little-endian bytes. */
export function floatsToText(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * Float32Array.BYTES_PER_ELEMENT);
  values.forEach((value, i) => {
    bytes.writeFloatLE(value, i * Float32Array.BYTES_PER_ELEMENT);
  });
  return bytes.toString("base64");
}

/** The inverse of `floatsToText`. @throws {CheckpointError} when the number of floats is another than expected */
export function floatsFromText(text: string, length: number): Float32Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== length * Float32Array.BYTES_PER_ELEMENT) {
    throw new CheckpointError(`floats: expected ${length}, found ${bytes.length / Float32Array.BYTES_PER_ELEMENT}`);
  }
  return Float32Array.from({ length }, (_, i) => bytes.readFloatLE(i * Float32Array.BYTES_PER_ELEMENT));
}

function rowsOf(values: Float32Array, width: number): number[][] {
  const found: number[][] = [];
  for (let from = 0; from < values.length; from += width)
    found.push(Array.from(values.subarray(from, from + width), short));
  return found;
}

/** The network as JSON. */
export function networkJson({ inputs, recurrent, layers }: Network): z.input<typeof networkSchema> {
  return {
    inputs,
    recurrent:
      recurrent === null
        ? null
        : {
            steps: recurrent.steps,
            inputs: recurrent.inputs,
            units: recurrent.units,
            kernel: rowsOf(recurrent.kernel, 3 * recurrent.units),
            recurrentKernel: rowsOf(recurrent.recurrentKernel, 3 * recurrent.units),
            bias: Array.from(recurrent.bias, short),
          },
    layers: layers.map(({ units, activation, kernel, bias, fixed }) => ({
      units,
      activation,
      kernel: rowsOf(kernel, units),
      bias: Array.from(bias, short),
      fixed,
    })),
  };
}

function matrix(path: string, values: readonly (readonly number[])[], height: number, width: number): Float32Array {
  const fits = values.length === height && values.every((row) => row.length === width);
  if (!fits) {
    const found = `[${values.length}, ${values[0]?.length ?? 0}]`;
    throw new CheckpointError(`network ${path}: expected shape [${height}, ${width}], found ${found} or uneven rows`);
  }
  return Float32Array.from(values.flat());
}

function vector(path: string, values: readonly number[], length: number): Float32Array {
  if (values.length === length) return Float32Array.from(values);
  throw new CheckpointError(`network ${path}: expected ${length} numbers, found ${values.length}`);
}

/** The network JSON describes. @throws {CheckpointError} when shapes do not fit each other */
export function networkFromJson(json: z.infer<typeof networkSchema>): Network {
  const { inputs, recurrent: told } = json;
  const recurrent: RecurrentLayer | null =
    told === null
      ? null
      : {
          steps: told.steps,
          inputs: told.inputs,
          units: told.units,
          kernel: matrix("recurrent.kernel", told.kernel, told.inputs, 3 * told.units),
          recurrentKernel: matrix("recurrent.recurrentKernel", told.recurrentKernel, told.units, 3 * told.units),
          bias: vector("recurrent.bias", told.bias, 3 * told.units),
        };
  let width = denseInputsOf({ inputs, recurrent, layers: [] });
  const layers = json.layers.map(({ units, activation, kernel, bias, fixed }, i): DenseLayer => {
    const layer = {
      units,
      activation,
      kernel: matrix(`layers[${i}].kernel`, kernel, width, units),
      bias: vector(`layers[${i}].bias`, bias, units),
      fixed,
    };
    width = units;
    return layer;
  });
  return { inputs, recurrent, layers };
}
