// The text format of metrics: what real servers write, and what is refused.

import { parseExposition } from "../../src/clusters/metrics/exposition.ts";

const all = (): boolean => true;

test("names may begin with a colon, and labels may hold anything", () => {
  const text = [
    "# HELP :tensorflow:serving:request_count The total number of requests.",
    "# TYPE :tensorflow:serving:request_count counter",
    ':tensorflow:serving:request_count{model_name="a\\"b,}{\\\\\\n c",status="OK"} 3',
    'h_bucket{le="+Inf",} 2 # {trace_id="x"} 0.67',
    's{quantile="0.5"} NaN',
    "up 1 1712345678000",
    "down -Inf",
    "  ",
    "tiny 1e-3",
    "",
  ].join("\n");
  expect(parseExposition(text, all, "page")).toEqual([
    { name: ":tensorflow:serving:request_count", labels: { model_name: 'a"b,}{\\\n c', status: "OK" }, value: 3 },
    { name: "h_bucket", labels: { le: "+Inf" }, value: 2 },
    { name: "s", labels: { quantile: "0.5" }, value: Number.NaN },
    { name: "up", labels: {}, value: 1 },
    { name: "down", labels: {}, value: Number.NEGATIVE_INFINITY },
    { name: "tiny", labels: {}, value: 0.001 },
  ]);
});

test("only what is wanted is kept", () => {
  expect(parseExposition("a 1\nb 2\n", (name) => name === "b", "page")).toEqual([{ name: "b", labels: {}, value: 2 }]);
});

test.each([
  "requests_total",
  "requests_total twelve",
  'requests_total{a="1" 2',
  "requests_total{a=1} 2",
  "<html>",
  "4xx 1",
])("a page with the line %s is refused by its number", (line) => {
  expect(() => parseExposition(`ok 1\n${line}`, all, "page")).toThrow(/^page: line 2: expected a sample, found "/);
});
