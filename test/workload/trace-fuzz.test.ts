import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { TraceError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { readTrace, type TraceData, traceWorkload } from "../../src/workload/index.ts";

let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-fuzz-"));
});

/** A trace, or the refusal of one; anything else is a fault. */
async function readOrRefuse(content: Uint8Array, extension: string): Promise<TraceData | null> {
  const path = join(folder, `${files++}${extension}`);
  await writeFile(path, content);
  try {
    return await readTrace(path);
  } catch (error) {
    if (error instanceof TraceError) return null;
    throw error;
  }
}

/** What is read can be played: finite times, in order, within the trace. */
function expectPlayable(data: TraceData): void {
  const workload = traceWorkload(data, { name: "fuzz", startS: 0, scale: 1, exclude: [] });
  expect(Number.isFinite(workload.meanRateRps)).toBe(true);
  const block = new Float64Array(1000);
  const n = workload.open(new SeededRandom(1)).fill(block);
  let lastS = 0;
  for (let i = 0; i < n; i++) {
    const timeS = block[i] ?? Number.NaN;
    expect(timeS).toBeGreaterThanOrEqual(lastS);
    expect(timeS).toBeLessThan(workload.durationS);
    lastS = timeS;
  }
}

const WELL_FORMED: readonly (readonly [string, string])[] = [
  [".csv", `t_s,count\n${Array.from({ length: 30 }, (_, i) => `${i},${i % 5}`).join("\n")}\n`],
  [".csv", `t_ms,tokens\n${Array.from({ length: 30 }, (_, i) => `${i * i},${i}`).join("\n")}\n`],
  [".jsonl", Array.from({ length: 20 }, (_, i) => `{"t_s":${i},"rate_rps":${i / 3}}`).join("\n")],
  [
    ".json",
    JSON.stringify({
      status: "success",
      data: {
        resultType: "matrix",
        result: [
          {
            metric: {},
            values: [
              [1, "2"],
              [2, "3"],
              [4, "1"],
            ],
          },
        ],
      },
    }),
  ],
];

const mutation = fc.record({
  which: fc.nat({ max: WELL_FORMED.length - 1 }),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat({ max: 12 }),
  put: fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom("-1", "NaN", "1e999", "Infinity", "\n\n", ",", '"', "{", "}", "0x10", "\0", "é"),
  ),
  gzip: fc.boolean(),
});

test("a trace changed in one place is read or refused, never mistaken, and never hangs", async () => {
  await fc.assert(
    fc.asyncProperty(mutation, async ({ which, at, cut, put, gzip }) => {
      const [extension, text] = WELL_FORMED[which] ?? [".csv", ""];
      const position = Math.floor(at * text.length);
      const changed = text.slice(0, position) + put + text.slice(position + cut);
      const packed = gzip && extension !== ".json";
      const data = await readOrRefuse(
        packed ? gzipSync(changed) : Buffer.from(changed),
        packed ? `${extension}.gz` : extension,
      );
      if (data !== null) expectPlayable(data);
    }),
    { numRuns: 400 },
  );
});

test("bytes without sense are refused in every format", async () => {
  const extension = fc.constantFrom(".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet", ".json");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), extension, async (bytes, name) => {
      const data = await readOrRefuse(bytes, name);
      if (data !== null) expectPlayable(data);
    }),
    { numRuns: 300 },
  );
});
