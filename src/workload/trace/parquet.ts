// Reads a parquet file with the same column names as a CSV trace, one row group at a time.

import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from "hyparquet";
import { TraceError } from "../../core/index.ts";
import type { TraceData } from "./trace-data.ts";
import { TraceRows } from "./trace-rows.ts";

/** Codecs beyond those the library brings (none and snappy). */
const compressors = {
  GZIP: (bytes: Uint8Array): Uint8Array => gunzipSync(bytes),
  BROTLI: (bytes: Uint8Array): Uint8Array => brotliDecompressSync(bytes),
};

/** @throws {TraceError} when the file is damaged, or for the first row that cannot be */
export async function readParquet(path: string, source: string): Promise<TraceData> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const names = metadata.schema.slice(1).map((element) => element.name);
    const rows = new TraceRows(source, names, 1);
    const columns = rows.columns.map((column) => names[column] ?? "");
    const values: unknown[] = new Array(names.length);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const onComplete = (read: unknown[][]): void => {
        for (const row of read) {
          rows.columns.forEach((column, i) => {
            values[column] = row[i];
          });
          rows.add(values);
        }
      };
      await parquetRead({ file, metadata, columns, rowStart, rowEnd, compressors, onComplete });
      rowStart = rowEnd;
    }
    return rows.finish();
  } catch (error) {
    if (error instanceof TraceError) throw error;
    const found = error instanceof Error ? error.message : String(error);
    throw new TraceError(`${source}: expected a parquet file, found: ${found}`, { cause: error });
  }
}
