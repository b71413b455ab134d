// Requests merged along the batch and answers split back: nothing changes, moves or goes missing on the way.

import fc from "fast-check";
import { type InferBody, mergeBodies, readInferBody, splitAnswer } from "../../src/gateway/infer-body.ts";
import { ScanError } from "../../src/gateway/json-scan.ts";

function body(value: unknown): Buffer {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

function read(value: unknown): InferBody {
  const found = readInferBody(body(value));
  if (found === null) throw new Error("expected a request that can be merged");
  return found;
}

/** A server that answers each input with itself, under the name out_<name>. */
function echo(request: Buffer): Buffer {
  const outputs = request.toString("utf8").replace(/^\{"inputs":/, '{"model_name":"m","id":"theirs","outputs":');
  return Buffer.from(outputs.replaceAll('{"name":"', '{"name":"out_'));
}

const row = fc.array(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), {
  minLength: 3,
  maxLength: 3,
});
const request = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 4 }),
  id: fc.option(fc.string(), { nil: undefined }),
});

test.each([true, false])("what is merged and split back is what each brought (nested: %p)", (nested) => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), (requests) => {
      const bodies = requests.map(({ rows, id }) => {
        const shape = [rows.length, 3];
        const inputs = [{ name: "x", shape, datatype: "FP64", data: nested ? rows : rows.flat() }];
        return read(id === undefined ? { inputs } : { id, inputs });
      });
      const merged: { inputs: { shape: number[] }[] } = JSON.parse(mergeBodies(bodies).toString());
      expect(merged.inputs[0]?.shape).toEqual([requests.reduce((sum, { rows }) => sum + rows.length, 0), 3]);
      const answers = splitAnswer(echo(mergeBodies(bodies)), bodies).map(
        (one) => JSON.parse(one.toString()) as unknown,
      );
      expect(answers).toEqual(
        requests.map(({ rows, id }) => ({
          model_name: "m",
          ...(id === undefined ? {} : { id }),
          outputs: [
            // Through JSON, as the client would read them: it has no negative zero.
            JSON.parse(
              JSON.stringify({
                name: "out_x",
                datatype: "FP64",
                shape: [rows.length, 3],
                data: nested ? rows : rows.flat(),
              }),
            ),
          ],
        })),
      );
    }),
  );
});

test("integers beyond 2^53 and the spelling of numbers survive", () => {
  const bodies = ["9223372036854775807", "-9223372036854775808"].map((value) =>
    read(`{"inputs":[{"name":"x","shape":[1,1],"datatype":"INT64","data":[${value}]}]}`),
  );
  const [first, second] = splitAnswer(echo(mergeBodies(bodies)), bodies).map(String);
  expect(first).toContain("[9223372036854775807]");
  expect(second).toContain("[-9223372036854775808]");
  const spelled = read('{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1.0, 2e0]}]}');
  expect(mergeBodies([spelled, spelled]).toString()).toContain("[1.0, 2e0,1.0, 2e0]");
});

test("several inputs of different dimensions, texts with commas and brackets in them", () => {
  const of = (texts: string[], flags: boolean[][]): InferBody =>
    read({
      inputs: [
        { name: "text", shape: [texts.length, 1], datatype: "BYTES", data: texts },
        { name: "flag", shape: [flags.length, 2], datatype: "BOOL", data: flags },
      ],
    });
  const bodies = [
    of(
      ['a,"]b', "ü"],
      [
        [true, false],
        [false, false],
      ],
    ),
    of(["c[\\"], [[true, true]]),
  ];
  const answers = splitAnswer(echo(mergeBodies(bodies)), bodies).map(
    (one) => JSON.parse(one.toString()) as { outputs: { data: unknown }[] },
  );
  expect(answers.map(({ outputs }) => outputs.map(({ data }) => data))).toEqual([
    [
      ['a,"]b', "ü"],
      [
        [true, false],
        [false, false],
      ],
    ],
    [["c[\\"], [[true, true]]],
  ]);
});

const tensor = { name: "x", shape: [1, 2], datatype: "FP32", data: [1, 2] };

test("requests share a batch only where their tensors and outputs agree", () => {
  const key = (value: object): string => read(value).key;
  const plain = key({ inputs: [tensor] });
  expect(key({ inputs: [{ ...tensor, shape: [2, 2], data: [1, 2, 3, 4] }], id: "other" })).toBe(plain);
  for (const other of [
    { inputs: [{ ...tensor, name: "y" }] },
    { inputs: [{ ...tensor, datatype: "FP64" }] },
    { inputs: [{ ...tensor, shape: [1, 3], data: [1, 2, 3] }] },
    { inputs: [{ ...tensor, data: [[1, 2]] }] },
    { inputs: [tensor, { ...tensor, name: "y" }] },
    { inputs: [tensor], outputs: [{ name: "only" }] },
  ]) {
    expect(key(other)).not.toBe(plain);
  }
});

test.each([
  ["parameters", { inputs: [tensor], parameters: { sequence_id: 1 } }],
  ["a tensor's own parameters", { inputs: [{ ...tensor, parameters: { shared_memory_region: "r" } }] }],
  ["binary outputs asked for", { inputs: [tensor], outputs: [{ name: "o", parameters: { binary_data: true } }] }],
  ["no inputs", { inputs: [] }],
  ["rows that differ", { inputs: [tensor, { ...tensor, name: "y", shape: [2, 1] }] }],
])("with %s a request is served alone", (_what, value) => {
  expect(readInferBody(body(value))).toBeNull();
});

test.each([
  ["too few values", { inputs: [{ ...tensor, data: [1] }] }, "data: expected 2 values, found 1"],
  [
    "a ragged row",
    { inputs: [{ ...tensor, shape: [2, 2], data: [[1, 2, 3], [4]] }] },
    "data: expected 2 in dimension 1, found 3",
  ],
  ["texts for numbers", { inputs: [{ ...tensor, data: ["1", "2"] }] }, "data: expected each a number, found a string"],
  [
    "fractions for integers",
    { inputs: [{ ...tensor, datatype: "INT32", data: [1, 2.5] }] },
    "data: expected whole numbers, found 2.5",
  ],
  [
    "no batch dimension",
    { inputs: [{ ...tensor, shape: [], data: [1] }] },
    "tensor: expected name, datatype and a shape",
  ],
  ["a negative dimension", { inputs: [{ ...tensor, shape: [-1, 2] }] }, "shape: expected whole numbers ≥ 0, found -1"],
  ["no JSON", '{"inputs":[', "JSON at byte 11: expected an object"],
  ["something after the end", `${JSON.stringify({ inputs: [tensor] })}x`, "expected the end"],
])("%s would spoil the batch for others, and is refused", (_what, value, message) => {
  expect(() => readInferBody(body(value))).toThrow(ScanError);
  expect(() => readInferBody(body(value))).toThrow(message);
});

test("bytes that are no UTF-8 are refused", () => {
  const bytes = Buffer.from(JSON.stringify({ id: "?", inputs: [tensor] }));
  bytes[bytes.indexOf("?")] = 0xff;
  expect(() => readInferBody(bytes)).toThrow("body: expected UTF-8");
});

test("an answer with other rows than were asked for is not split", () => {
  const bodies = [read({ inputs: [tensor] }), read({ inputs: [tensor] })];
  const answer = (shape: number[], data: number[]): Buffer =>
    body({ model_name: "m", outputs: [{ name: "o", datatype: "FP32", shape, data }] });
  expect(splitAnswer(answer([2], [1, 2]), bodies).map(String)).toEqual([
    '{"model_name":"m","outputs":[{"name":"o","datatype":"FP32","shape":[1],"data":[1]}]}',
    '{"model_name":"m","outputs":[{"name":"o","datatype":"FP32","shape":[1],"data":[2]}]}',
  ]);
  expect(() => splitAnswer(answer([1], [1]), bodies)).toThrow('output "o": expected 2 rows, found 1');
  expect(() => splitAnswer(answer([2], [1]), bodies)).toThrow("data: expected 2 values, found 1");
});
