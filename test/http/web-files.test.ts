// The dashboard's files: small, tagged, served without a token, and nothing else is.

import { WebFiles } from "../../src/http/web-files.ts";
import { TestService } from "./service.ts";

/** What a browser takes in for the first page. */
const LARGEST_COMPRESSED_BYTES = 300 * 1024;

let service: TestService;
beforeAll(async () => {
  service = await TestService.open({ token: "a-token-of-the-test" });
});
afterAll(() => service.close());

test("all of it is under 300 KB compressed", () => {
  expect(new WebFiles().compressedBytes).toBeLessThan(LARGEST_COMPRESSED_BYTES);
});

test("the page comes compressed, under a policy that lets nothing foreign in, and only once", async () => {
  const first = await service.ask.get("/").set("accept-encoding", "gzip").expect(200);
  expect(first.headers["content-encoding"]).toBe("gzip");
  expect(first.headers["content-security-policy"]).toMatch(/^default-src 'self'/);
  expect(first.text).toContain("/assets/app.js");
  await service.ask.get("/").set("if-none-match", String(first.headers["etag"])).expect(304);
});

test("it names nothing outside this service", async () => {
  for (const name of ["/", "/assets/app.js", "/assets/app.css", "/assets/theme.js"]) {
    const { text, body } = await service.ask.get(name).expect(200);
    const source = text ?? String(body);
    const outside = [...source.matchAll(/https?:\/\/[\w.-]+/g)].map((match) => match[0]);
    expect(outside.filter((address) => !address.endsWith("www.w3.org"))).toEqual([]);
  }
});

test("without the token the page is there, and what it shows is not", async () => {
  await service.ask.get("/assets/app.css").expect(200);
  for (const path of ["/v1/clusters", "/v1/events", "/metrics", "/docs", "/openapi.json"]) {
    await service.ask.get(path).expect(401);
  }
  await service.ask.get("/assets/../package.json").expect(401);
  await service.ask.get("/assets/none.js").expect(404);
});
