import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { TraceError } from "../../src/core/index.ts";
import { readTrace, type TraceData } from "../../src/workload/index.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-traces-"));
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function read(name: string, content: string | Uint8Array): Promise<TraceData> {
  return readTrace(await file(name, content), name);
}

/** Two row groups of t_s (double) and count (int32): 3, 0, 7, 2 | 2, 9; written by another library. */
const COUNTS_PARQUET =
  "UEFSMRUGFUQVLlwVCBUAFQgVABUEFQAAAAMPIAAAMgEABPA/DQ8gQAAAAAAAAAhAFQYVJBUoXBUIFQAVCBUAFQQVAAAAAw8QPAMAAAAAAAAABwAAAAIA" +
  "AAAVBhUkFSRcFQQVABUEFQAVBBUAAAADAxAAAAUBJBBAAAAAAAAAFEAVBhUUFRhcFQQVABUEFQAVBBUAAAADAwgcAgAAAAkAAAAVBBk8SARyb290" +
  "FQQAFQolAhgDdF9zABUCJQIYBWNvdW50ABYMGSwZLCYIHBUKGRUAGRgDdF9zFQIWCBZuFlgmCDw2ACgIAAAAAAAACEAYCAAAAAAAAAAANgAAGRwV" +
  "BhUAFQIAAAAmYBwVAhkVABkYBWNvdW50FQIWCBZOFlImYDw2ACgEBwAAABgEAAAAAAAZHBUGFQAVAgAAABa8ARYINqoBABksJrIBHBUKGRUAGRgD" +
  "dF9zFQIWBBZOFk4msgE8NgAoCAAAAAAAABRAGAgAAAAAAAAQQDYAABkcFQYVABUCAAAAJoACHBUCGRUAGRgFY291bnQVAhYEFj4WQiaAAjw2ACgE" +
  "CQAAABgEAgAAAAAZHBUGFQAVAgAAABaMARYENpABACgJaHlwYXJxdWV0GSwcAAAcAAAAOQEAAFBBUjE=";

/** Timestamps 0, 250, 1000 and 1500 ms after a moment, and a text column that is none of our business. */
const TIMES_PARQUET =
  "UEFSMRUGFUQVQFwVCBUAFQgVABUEFQAAAAMPICAAaOXPiwEAAPoNCDzoa+XPiwEAANxt5c+LAQAAFQYVLBUuXBUIFQAVCBUAFQQVAAAAAw8UEAEAAABh" +
  "AQUoYgEAAABjAQAAAGQVBBk8SARyb290FQQAFQQlAhgJdGltZXN0YW1wJRIAFQwlAhgGcHJvbXB0JQAAFggZHBksJggcFQQZFQAZGAl0aW1lc3Rh" +
  "bXAVAhYIFm4WaiYIPDYAKAjcbeXPiwEAABgIAGjlz4sBAAAAGRwVBhUAFQIAAAAmchwVDBkVABkYBnByb21wdBUCFggWVhZYJnI8NgAoAWQYAWEA" +
  "GRwVBhUAFQIAAAAWxAEWCDbCAQAoCWh5cGFycXVldBksHAAAHAAAAMIAAABQQVIx";

describe("formats", () => {
  test("counts, one row a second, plain or gzip", async () => {
    const expected = { kind: "counts", binS: 1, counts: Uint32Array.of(3, 0, 7), missing: [] };
    expect(await read("a.csv", "count\n3\n0\n7\n")).toEqual(expected);
    expect(await read("a.csv.gz", gzipSync("count\n3\n0\n7"))).toEqual(expected);
    expect(await read("b.csv", "\ufeffcount\r\n3\r\n0\r\n7\r\n")).toEqual(expected);
  });

  test("counts with times: the bins are as wide as the steps", async () => {
    const data = await read("c.csv", "t_s,count\n100,3\n160,0\n220,7\n");
    expect(data).toEqual({ kind: "counts", binS: 60, counts: Uint32Array.of(3, 0, 7), missing: [] });
  });

  test("rates per bin", async () => {
    const data = await read("d.csv", "t_s,rate_rps,active_clients\n0,2.5,3\n600,0,0\n");
    expect(data).toEqual({ kind: "rates", binS: 600, ratesRps: Float64Array.of(2.5, 0), missing: [] });
  });

  test("one row a request, in the unit the column names, from the first row on", async () => {
    const data = await read("e.csv", "t_ms,input_tokens\n1000,5\n1500,7\n1500,9\n3000,1\n");
    expect(data.kind === "times" && [...data.timesS]).toEqual([0, 0.5, 0.5, 2]);
    // Four arrivals in 2 s: three gaps of 2/3 s, and one more to the end.
    expect(data.kind === "times" && data.durationS).toBeCloseTo(8 / 3, 12);
  });

  test("the Azure LLM format: dates with seven digits of a second", async () => {
    const data = await read(
      "f.csv",
      "TIMESTAMP,ContextTokens,GeneratedTokens\n" +
        "2023-11-16 23:59:59.6805900,374,44\n2023-11-17 00:00:03.9951690,396,109\n2023-11-17 00:00:04.2224670,879,55\n",
    );
    const times = data.kind === "times" ? [...data.timesS].map((t) => Number(t.toFixed(7))) : [];
    expect(times).toEqual([0, 4.314579, 4.541877]);
  });

  test("dates with zones", async () => {
    const data = await read("g.csv", "timestamp\n2024-05-10T00:00:00Z\n2024-05-10T02:00:01.500+02:00\n");
    expect(data.kind === "times" && [...data.timesS]).toEqual([0, 1.5]);
  });

  test("times since 1970 in a column without a unit are told by their size", async () => {
    for (const [first, step] of [
      [1_700_000_000, 1],
      [1_700_000_000_000, 1000],
      [1_700_000_000_000_000, 1_000_000],
    ] as const) {
      const data = await read("z.csv", `timestamp\n${first}\n${first + step}\n${first + 3 * step}\n`);
      expect(data.kind === "times" && [...data.timesS]).toEqual([0, 1, 3]);
    }
  });

  test("JSON lines, with the names of CSV columns", async () => {
    const data = await read("h.jsonl", '{"t_s":10,"tokens":3}\n{"tokens":1,"t_s":10.25}\n{"t_s":11}\n');
    expect(data.kind === "times" && [...data.timesS]).toEqual([0, 0.25, 1]);
    expect(await read("h.ndjson.gz", gzipSync('{"count":4}\n{"count":5}'))).toMatchObject({
      kind: "counts",
      counts: Uint32Array.of(4, 5),
    });
  });

  test("parquet, in row groups, other columns not read", async () => {
    const counts = await read("i.parquet", Buffer.from(COUNTS_PARQUET, "base64"));
    expect(counts).toEqual({ kind: "counts", binS: 1, counts: Uint32Array.of(3, 0, 7, 2, 2, 9), missing: [] });
    const times = await read("j.parquet", Buffer.from(TIMES_PARQUET, "base64"));
    expect(times.kind === "times" && [...times.timesS]).toEqual([0, 0.25, 1, 1.5]);
  });

  test("a Prometheus range query: series are added up, absent steps are missing data", async () => {
    const answer = {
      status: "success",
      data: {
        resultType: "matrix",
        result: [
          {
            metric: { pod: "a" },
            values: [
              [1000, "2"],
              [1015, "3"],
              [1060, "4"],
            ],
          },
          {
            metric: { pod: "b" },
            values: [
              [1000, "1"],
              [1015, "1.5"],
            ],
          },
        ],
      },
    };
    expect(await read("k.json", JSON.stringify(answer))).toEqual({
      kind: "rates",
      binS: 15,
      ratesRps: Float64Array.of(3, 4.5, 0, 0, 4),
      missing: [{ fromS: 30, toS: 60 }],
    });
  });

  test("a format may be named where the file's name does not tell", async () => {
    const path = await file("l.dat", "count\n1\n2\n");
    await expect(readTrace(path, "l.dat")).rejects.toThrow(/expected a name ending in .csv/);
    expect(await readTrace(path, "l.dat", "csv")).toMatchObject({ counts: Uint32Array.of(1, 2) });
  });
});

describe("refusals name file, row and column, what was expected and what was found", () => {
  const whole = gzipSync(`count\n${Array.from({ length: 5000 }, (_, i) => i % 97).join("\n")}\n`);
  test.each<[string, string, string | Uint8Array, RegExp]>([
    [
      "a negative count",
      "n.csv",
      "count\n5\n-3\n",
      /n\.csv: row 3, column count: expected a whole number .* found "-3"/,
    ],
    ["half a request", "n.csv", "count\n5\n2.5\n", /row 3, column count: expected a whole number .* found "2\.5"/],
    ["a count that is no number", "n.csv", "count\n5\nmany\n", /row 3, column count: .*found "many"/],
    ["an empty field", "n.csv", "t_s,count\n0,5\n1,\n", /row 3, column count: .*found ""/],
    ["more requests in a bin than there can be", "n.csv", "count\n1e12\n", /from 0 to 100000000, found "1e12"/],
    [
      "a negative rate",
      "n.csv",
      "t_s,rate_rps\n0,1\n1,-2\n",
      /row 3, column rate_rps: expected a number of at least 0/,
    ],
    [
      "a time that goes back",
      "n.csv",
      "t_ms\n5\n9\n8\n",
      /row 4, column t_ms: expected a time no earlier .* found "8"/,
    ],
    [
      "a time that is none",
      "n.csv",
      "timestamp\nyesterday\n",
      /row 2, column timestamp: expected a time.*found "yesterday"/,
    ],
    ["a missing row of counts", "n.csv", "t_s,count\n0,1\n1,1\n3,1\n", /row 4, column t_s: expected one row every 1 s/],
    ["a header without a known column", "n.csv", "a,b\n1,2\n", /header: expected a column count.*found "a", "b"/],
    ["clients in place of a trace", "n.csv", "client,t_s,rate_rps\n1,2,3\n", /expected a trace, found rates by client/],
    ["a header alone", "n.csv", "count\n", /expected at least one row of data, found none/],
    ["an empty file", "n.csv", "", /expected a header and rows, found an empty file/],
    ["a row of another length", "n.csv", "t_s,count\n0,1\n1\n", /expected CSV with as many fields as the header/],
    [
      "a truncated gzip",
      "n.csv.gz",
      whole.subarray(0, whole.length - 20),
      /expected a whole gzip file, found it truncated/,
    ],
    ["a damaged gzip", "n.csv.gz", Buffer.concat([whole.subarray(0, 40), Buffer.alloc(60, 7)]), /undamaged gzip/],
    [
      "a gzip that is none",
      "n.csv.gz",
      "count\n1\n",
      /expected an undamaged gzip file, found "incorrect header check"/,
    ],
    ["a line that is no object", "n.jsonl", '{"count":1}\n[2]\n', /row 2: expected a JSON object, found "\[2\]"/],
    ["a line that is no JSON", "n.jsonl", '{"count":1}\n{"coun', /row 2: expected a JSON object/],
    ["a JSON line without the column", "n.jsonl", '{"count":1}\n{"c":1}\n', /row 2, column count: .*found nothing/],
    ["a parquet that is none", "n.parquet", "PAR1 not really", /expected a parquet file, found/],
    ["a damaged parquet", "n.parquet", Buffer.from(COUNTS_PARQUET, "base64").subarray(60), /expected a parquet file/],
    ["a failed query", "n.json", '{"status":"error","error":"bad"}', /expected status "success", found "error": bad/],
    ["an instant query", "n.json", '{"status":"success","data":{"resultType":"vector","result":[]}}', /range query/],
    [
      "a query without samples",
      "n.json",
      '{"status":"success","data":{"resultType":"matrix","result":[]}}',
      /one sample/,
    ],
    [
      "a rate that is none",
      "n.json",
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"NaN"]]}]}}',
      /data\.result\.0\.values\.0: expected a rate of at least 0, found "NaN"/,
    ],
  ])("%s", async (_, name, content, message) => {
    const reading = read(name, content);
    await expect(reading).rejects.toThrow(TraceError);
    await expect(reading).rejects.toThrow(message);
  });

  test("a line without end", async () => {
    await expect(read("m.csv", `count\n${"1".repeat(2_000_000)}\n`)).rejects.toThrow(TraceError);
    await expect(read("m.jsonl", `{"count": ${"1".repeat(2_000_000)}`)).rejects.toThrow(/at most 1000000 bytes/);
  });
});
