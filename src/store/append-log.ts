// An append-only log of JSON lines in segments: what was acknowledged survives a kill, what was not may be missing.
//
// <folder>/<number of the first record, 16 digits>.jsonl, one JSON document a line; records are numbered from 0.
// append   write, fdatasync, then acknowledge; concurrent appends share one sync
// open     cuts an unfinished tail off the last segment: it was never acknowledged

import { type FileHandle, mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Json, StoreError, toJson } from "../core/index.ts";
import { syncFolder } from "./atomic-file.ts";
import { type LineIndex, lineIndex, readLines } from "./segment.ts";

/** How a log is kept. */
export interface AppendLogOptions {
  /** A segment that has reached this size is closed and the next begun. */
  readonly segmentBytes?: number;
}

/** A record and its number. */
export interface LogEntry {
  readonly number: number;
  readonly record: Json;
}

interface Segment {
  readonly path: string;
  readonly first: number;
  count: number | null;
  index: LineIndex | null;
}

interface Waiting {
  readonly line: string;
  readonly resolve: (number: number) => void;
  readonly reject: (error: unknown) => void;
}

const DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024;

function segmentName(first: number): string {
  return `${String(first).padStart(16, "0")}.jsonl`;
}

/** The lines of the last segment, its unfinished tail cut off. Closes the file when it is damaged. */
async function wholeLines(file: FileHandle, size: number, path: string): Promise<LineIndex> {
  try {
    const index = await lineIndex(file, size, path);
    if (index.bytes < size) {
      await file.truncate(index.bytes);
      await file.sync();
    }
    return index;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** One writer, any number of readers. */
export class AppendLog {
  readonly #folder: string;
  readonly #segmentBytes: number;
  readonly #segments: Segment[];
  #file: FileHandle;
  #bytes: number;
  #length: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #broken: StoreError | null = null;
  #closed = false;
  /** Bytes of an unfinished tail that were cut off at open. */
  readonly droppedBytes: number;

  private constructor(
    folder: string,
    segmentBytes: number,
    segments: Segment[],
    file: FileHandle,
    bytes: number,
    length: number,
    droppedBytes: number,
  ) {
    this.#folder = folder;
    this.#segmentBytes = segmentBytes;
    this.#segments = segments;
    this.#file = file;
    this.#bytes = bytes;
    this.#length = length;
    this.droppedBytes = droppedBytes;
  }

  /** Opens a log, making its folder if needed. @throws {StoreError} when a segment is missing or damaged */
  static async open(folder: string, options: AppendLogOptions = {}): Promise<AppendLog> {
    await mkdir(folder, { recursive: true });
    const names = (await readdir(folder)).filter((name) => /^\d{16}\.jsonl$/.test(name)).sort();
    const segments = names.map((name): Segment => {
      return { path: join(folder, name), first: Number.parseInt(name, 10), count: null, index: null };
    });
    segments.forEach((segment, i) => {
      const next = segments[i + 1];
      if (next !== undefined) segment.count = next.first - segment.first;
    });
    let active = segments.at(-1);
    if (active === undefined) {
      active = { path: join(folder, segmentName(0)), first: 0, count: 0, index: null };
      segments.push(active);
    }
    const file = await open(active.path, "a+");
    const size = (await file.stat()).size;
    const index = await wholeLines(file, size, active.path);
    await syncFolder(folder);
    active.count = index.count;
    active.index = index;
    return new AppendLog(
      folder,
      options.segmentBytes ?? DEFAULT_SEGMENT_BYTES,
      segments,
      file,
      index.bytes,
      active.first + index.count,
      size - index.bytes,
    );
  }

  /** Records acknowledged so far; the next one gets this number. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a record. It is durable when the promise resolves, with its number.
   * @throws {StoreError} when it could not be written; it is then not in the log
   */
  append(record: unknown): Promise<number> {
    if (this.#closed)
      return Promise.reject(new StoreError(`${this.#folder}: expected an open log, found a closed one`));
    const line = `${JSON.stringify(toJson(record))}\n`;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      if (this.#waiting.length === 1) this.#flushing = this.#flushing.then(() => this.#flush());
    });
  }

  /** Up to `limit` records from number `from` on, ascending. */
  async read(from: number, limit: number): Promise<LogEntry[]> {
    const start = Math.max(0, Math.floor(from));
    const end = Math.min(this.#length, start + limit);
    const entries: LogEntry[] = [];
    for (const segment of this.#segments) {
      const last = segment.first + (segment.count ?? 0);
      if (last <= start || segment.first >= end) continue;
      const own = Math.max(start, segment.first);
      const count = Math.min(end, last) - own;
      const lines = await this.#linesOf(segment, own - segment.first, count);
      lines.forEach((record, i) => {
        entries.push({ number: own + i, record });
      });
    }
    return entries;
  }

  /** The record with the highest number, or null in an empty log. */
  async last(): Promise<LogEntry | null> {
    return (await this.read(this.#length - 1, 1))[0] ?? null;
  }

  /** Waits for what is under way and closes. May be called twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flushing;
    await this.#file.close();
  }

  async #linesOf(segment: Segment, from: number, count: number): Promise<Json[]> {
    const file = await open(segment.path, "r");
    try {
      segment.index ??= await lineIndex(file, (await file.stat()).size, segment.path);
      if (segment.index.count !== segment.count) {
        throw new StoreError(`${segment.path}: expected ${segment.count} records, found ${segment.index.count}`);
      }
      return await readLines(file, segment.index, from, count, segment.path);
    } finally {
      await file.close();
    }
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      if (this.#broken !== null) throw this.#broken;
      if (this.#bytes >= this.#segmentBytes) await this.#rotate();
      const data = Buffer.from(batch.map(({ line }) => line).join(""), "utf8");
      await this.#write(data);
      const segment = this.#segments.at(-1);
      for (const { line, resolve } of batch) {
        segment?.index?.add(Buffer.byteLength(line));
        if (segment !== undefined) segment.count = (segment.count ?? 0) + 1;
        resolve(this.#length++);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async #write(data: Buffer): Promise<void> {
    try {
      for (let written = 0; written < data.length; ) {
        written += (await this.#file.write(data, written)).bytesWritten;
      }
      await this.#file.datasync();
      this.#bytes += data.length;
    } catch (cause) {
      const failure = new StoreError(
        `${this.#folder}: expected to append ${data.length} bytes, found ${String(cause)}`,
        {
          cause,
        },
      );
      // Half a batch must not stay in front of the next one; where even that fails the log takes no more.
      await this.#file.truncate(this.#bytes).catch(() => {
        this.#broken = failure;
      });
      throw failure;
    }
  }

  async #rotate(): Promise<void> {
    const path = join(this.#folder, segmentName(this.#length));
    const file = await open(path, "ax+");
    await syncFolder(this.#folder);
    await this.#file.close();
    this.#file = file;
    this.#bytes = 0;
    this.#segments.push({ path, first: this.#length, count: 0, index: await lineIndex(file, 0, path) });
  }
}
