// Runs an ONNX model under onnxruntime-web on rows of numbers, a JSON list of lists; prints its answers.

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import * as ort from "onnxruntime-web";

const session = await ort.InferenceSession.create(await readFile(process.argv[2]));
const rows = JSON.parse(await text(process.stdin));
const input = new ort.Tensor("float64", Float64Array.from(rows.flat()), [rows.length, rows[0].length]);
const answers = await session.run({ [session.inputNames[0]]: input });
console.log(
  JSON.stringify(
    Object.fromEntries(Object.entries(answers).map(([name, { data }]) => [name, Array.from(data, Number)])),
  ),
);
