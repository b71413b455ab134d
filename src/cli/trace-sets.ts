// The public traces that can be downloaded: where they come from, how they become files, and what those must hash to.

import { spawnSync } from "node:child_process";
import { TraceError } from "../core/index.ts";

/** A file of a trace set, made from one or more files of its origin. */
export interface TraceSetFile {
  /** Inside the set's folder; written as gzip where it ends in .gz. */
  readonly name: string;
  /** Under the origin. */
  readonly paths: readonly string[];
  /** CSV text from the origin's files, in the order of `paths`. @throws {TraceError} when they are not as expected */
  readonly convert: (bodies: readonly Buffer[]) => string;
  /** Of the CSV text, so that whoever has the file has the same trace; hexadecimal. */
  readonly sha256: string;
}

/** A public trace set. */
export interface TraceSet {
  readonly name: string;
  readonly about: string;
  readonly licence: string;
  /** Repository and commit under the origin. */
  readonly base: string;
  readonly files: readonly TraceSetFile[];
}

/** Where public repositories serve single files of a commit. */
export const DEFAULT_ORIGIN = "https://raw.githubusercontent.com";

const AZURE_ROW = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{7}),(\d+),(\d+)$/;

/** Milliseconds since the first row, from rows such as `2023-11-16 18:15:46.6805900,374,44`. */
function azureRows([body = Buffer.alloc(0)]: readonly Buffer[]): { readonly tMs: number; readonly rest: string }[] {
  const lines = body.toString("utf8").trim().split(/\r?\n/).slice(1);
  let firstMs: number | null = null;
  let firstTicks = 0;
  return lines.map((line, i) => {
    const match = AZURE_ROW.exec(line);
    if (match === null) {
      throw new TraceError(`origin: row ${i + 2}: expected a time and two token counts, found "${line.slice(0, 60)}"`);
    }
    const [, day, clock, fraction, input, output] = match;
    const wholeMs = Date.parse(`${day}T${clock}Z`);
    firstMs ??= wholeMs;
    if (i === 0) firstTicks = Number(fraction);
    const tMs = Math.round((wholeMs - firstMs) * 1000 + (Number(fraction) - firstTicks) / 10) / 1000;
    return { tMs, rest: `${input},${output}` };
  });
}

function azureRequests(bodies: readonly Buffer[]): string {
  return `t_ms,input_tokens,output_tokens\n${azureRows(bodies)
    .map(({ tMs, rest }) => `${tMs},${rest}\n`)
    .join("")}`;
}

function azurePerSecond(bodies: readonly Buffer[]): string {
  const counts: number[] = [];
  for (const { tMs } of azureRows(bodies)) {
    const second = Math.floor(tMs / 1000);
    while (counts.length <= second) counts.push(0);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return `t_s,count\n${counts.map((count, second) => `${second},${count}\n`).join("")}`;
}

const TWITTER_SECONDS = 14 * 86_400;
const MAX_UNPACKED_BYTES = 100_000_000;

/** Counts per second from a tar of one text file, packed with bzip2, which the system's tar unpacks. */
function twitterPerSecond([body = Buffer.alloc(0)]: readonly Buffer[]): string {
  const tar = spawnSync("tar", ["-xjOf", "-"], { input: body, maxBuffer: MAX_UNPACKED_BYTES });
  if (tar.status !== 0) {
    const found = tar.error?.message ?? tar.stderr.toString("utf8").trim();
    throw new TraceError(`origin: expected an archive that "tar -xj" (tar and bzip2) unpacks, found: ${found}`);
  }
  const counts = tar.stdout.toString("utf8").trim().split(/\s+/).slice(0, TWITTER_SECONDS);
  return `count\n${counts.map((count) => `${count}\n`).join("")}`;
}

/** The 25 clients of m-large with the most requests. */
const SERVEGEN_CLIENTS = [
  7, 12, 20, 21, 34, 41, 44, 61, 66, 72, 73, 78, 82, 91, 100, 104, 112, 116, 120, 123, 142, 143, 147, 148, 157,
];

/** Rows of `t_s,rate,cv,family,arg1,arg2` without a header, one file a client; four digits, silent windows left out. */
function servegenClients(bodies: readonly Buffer[]): string {
  const digits = (text: string | undefined): string => String(Number(Number(text).toPrecision(4)));
  const lines = bodies.flatMap((body, i) =>
    body
      .toString("utf8")
      .trim()
      .split(/\r?\n/)
      .map((line) => line.split(","))
      .filter(([, rate, , family]) => Number(rate) > 0 && family !== "")
      .map(([timeS, rate, cv, family, arg1, arg2]) =>
        [SERVEGEN_CLIENTS[i], timeS, digits(rate), digits(cv), family, digits(arg1), digits(arg2)].join(","),
      ),
  );
  return `client,t_s,rate_rps,cv,iat_family,arg1,arg2\n${lines.join("\n")}\n`;
}

const AZURE_CONV = "data/AzureLLMInferenceTrace_conv.csv";
const AZURE_CODE = "data/AzureLLMInferenceTrace_code.csv";

/** Every set that can be downloaded. */
export const traceSets: readonly TraceSet[] = [
  {
    name: "azure-llm-2023",
    about: "an hour of requests to two LLM services on Azure (Patel et al., Splitwise, ISCA 2024)",
    licence: "CC-BY-4.0",
    base: "Azure/AzurePublicDataset/b469a113cedca53ddc3bdea71a143dc4b7d8700c",
    files: [
      {
        name: "conv_requests.csv.gz",
        paths: [AZURE_CONV],
        convert: azureRequests,
        sha256: "1bc8a95ffb7087b9e7e1ee9687760311e99307870f02ca71927d4a03e7e4c222",
      },
      {
        name: "code_requests.csv.gz",
        paths: [AZURE_CODE],
        convert: azureRequests,
        sha256: "34acfe5766b77275df8f53c092ee777141c2da802dd3f3a3863c2d33dd1d088f",
      },
      {
        name: "conv_per_second.csv",
        paths: [AZURE_CONV],
        convert: azurePerSecond,
        sha256: "31a4b8b457073001b4d5caed270949589999738716e37b56060aa90d8346f9a0",
      },
      {
        name: "code_per_second.csv",
        paths: [AZURE_CODE],
        convert: azurePerSecond,
        sha256: "ee31718dc15edea58d340e269a228fd2c00463ee2fde163cbf59fb5cee4cc4bc",
      },
    ],
  },
  {
    name: "twitter-2021-08",
    about: "14 days of a public tweet stream, requests per second",
    licence: "none stated: for your own measurements, not to be passed on",
    base: "reconfigurable-ml-pipeline/web-service-datasets/7404ad6643602943511e75ab3095fb1ccc990fd1",
    files: [
      {
        name: "per_second.csv.gz",
        paths: ["dataset/twitter_trace/workload.tbz2"],
        convert: twitterPerSecond,
        sha256: "f13c174f32915c8d54a8996d712cf4aa966707a381bffa85ea5d663681e41a1e",
      },
    ],
  },
  {
    name: "servegen-bailian",
    about: "14 days of the 25 largest clients of an LLM service on Alibaba Cloud (Xiang et al., arXiv 2505.09999)",
    licence: "Apache-2.0",
    base: "alibaba/ServeGen/f891d1189eb32b3868dfc443800c4150548c282a",
    files: [
      {
        name: "m-large_top25_clients.csv.gz",
        paths: SERVEGEN_CLIENTS.map((client) => `data/language/m-large/chunk-${client}-trace.csv`),
        convert: servegenClients,
        sha256: "66dbeffe2843d8da3607e9833de59ca974e6093018d322daf1035c7a8508c8e5",
      },
    ],
  },
];
