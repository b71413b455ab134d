// The dashboard's files: read once from the build, compressed once, served with a tag so that a browser asks twice for little.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Request, Response } from "express";
import { StateError } from "../core/index.ts";
import { packageRoot } from "../store/index.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Pages run only what this service brings. */
const headers = {
  "content-security-policy":
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
  vary: "accept-encoding",
};

interface WebFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly tag: string;
}

/** The built files of the dashboard. */
export class WebFiles {
  readonly #files = new Map<string, WebFile>();

  /** @param folder of the build; names in it are the names served */
  constructor(folder: string = join(packageRoot(), "dist", "web")) {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      throw new StateError(`dashboard: expected its build in ${folder}, found none: run npm run build`);
    }
    for (const name of names) {
      const type = types[extname(name)];
      if (type === undefined) continue;
      const plain = readFileSync(join(folder, name));
      const tag = `"${createHash("sha256").update(plain).digest("hex").slice(0, 20)}"`;
      this.#files.set(name, { type, plain, gzip: gzipSync(plain, { level: 9 }), tag });
    }
  }

  /** Whether there is a file of that name. */
  has(name: string): boolean {
    return this.#files.has(name);
  }

  /** Bytes a browser takes in to show the first page. */
  get compressedBytes(): number {
    return [...this.#files.values()].reduce((sum, { gzip }) => sum + gzip.length, 0);
  }

  /** Answers with a file. @returns false when there is none */
  serve(name: string, request: Request, response: Response): boolean {
    const file = this.#files.get(name);
    if (file === undefined) return false;
    response.set(headers).set({ etag: file.tag, "content-type": file.type });
    if (request.headers["if-none-match"] === file.tag) {
      response.status(304).end();
      return true;
    }
    const compressed = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
    if (compressed) response.set("content-encoding", "gzip");
    response.send(compressed ? file.gzip : file.plain);
    return true;
  }
}
