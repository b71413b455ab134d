// Answers of a Prometheus server that a real one does not give on request: stale, damaged, partial, too long.

import type { Observer } from "../../src/clusters/halves.ts";
import { findAdapter } from "../../src/clusters/index.ts";
import { type Answer, AnsweringServer, type Question } from "../live/answering-server.ts";

const NOW_S = 1_800_000_000;

/** A cumulative value at a moment: one request a second. */
type Told = (name: string, timeS: number) => { readonly value: string; readonly sampledS?: number } | null;

const labels = { job: "models", instance: "a:80" };

/** The series of each name; a histogram with one edge at 10 ms. */
const seriesOf: Readonly<Record<string, readonly Record<string, string>[]>> = {
  requests_total: [labels],
  latency_bucket: [
    { ...labels, le: "0.01" },
    { ...labels, le: "+Inf" },
  ],
  latency_sum: [labels],
  waiting: [labels],
  busy: [labels],
};

const rising: Told = (name, timeS) => ({ value: name === "busy" ? "0.5" : String(timeS - NOW_S + 10_000) });

/** Answers range queries as Prometheus does, with what is told. */
function answering(told: Told, warnings: readonly string[] = []) {
  return ({ url }: Question): Answer => {
    if (url.pathname.endsWith("/query")) return "{}";
    const number = (name: string): number => Number(url.searchParams.get(name));
    const query = url.searchParams.get("query") ?? "";
    const name = /__name__="([^"]+)"/.exec(query)?.[1] ?? query.split("{")[0] ?? "";
    const times: number[] = [];
    for (let i = 0; number("start") + i * number("step") <= number("end") + 1e-6; i++) {
      times.push(Math.round((number("start") + i * number("step")) * 1000) / 1000);
    }
    if (times.length > 11_000) return { status: 400, body: '{"status":"error","error":"exceeded maximum resolution"}' };
    const stamped = query.startsWith("timestamp(");
    const result = (seriesOf[name] ?? []).map((metric) => ({
      metric: stamped ? metric : { __name__: name, ...metric },
      values: times.flatMap((timeS) => {
        const sample = told(name, timeS);
        return sample === null ? [] : [[timeS, stamped ? String(sample.sampledS ?? timeS) : sample.value]];
      }),
    }));
    return JSON.stringify({ status: "success", warnings, data: { resultType: "matrix", result } });
  };
}

const metrics = {
  arrivals: { entered: "requests_total" },
  latency: { histogram: "latency", unit: "s" },
  queue: ["waiting"],
  utilization: { gauge: "busy" },
  batch: null,
  service: null,
  dropped: "failures_total",
  offloaded: null,
};

let nowS = NOW_S;
let server: AnsweringServer;
beforeEach(() => {
  nowS = NOW_S;
});
afterEach(() => server.stop());

async function opened(
  answer: (question: Question) => Answer,
  options: Record<string, unknown> = {},
): Promise<Observer> {
  server = await new AnsweringServer(answer).listen();
  const clock = { nowMs: () => nowS * 1000, sleep: async () => undefined };
  return findAdapter("prometheus").openObserver(
    { endpoint: server.url, scrapeS: 10, metrics, ...options },
    {
      cluster: "mine",
      knobs: [],
      slo: [{ percentile: 0.99, latencyMs: 100 }],
      initial: {},
      committedUsdPerHour: () => 0,
      secret: (role) => (role === "token" ? "s3cret" : null),
      clock,
    },
  );
}

test("a window is what its samples tell, and the token and the tenant go with each question", async () => {
  const observer = await opened(answering(rising), { tenant: "blue" });
  const { metrics: window, timeS } = await observer.observe();
  expect(timeS).toBe(NOW_S);
  expect(window).toMatchObject({ requests: 60, durationS: 60, dropped: 0, utilization: 0.5, queueLength: 10_000 });
  expect(window.arrivals.rateRps).toBe(1);
  expect(window.arrivals.recentRatesRps).toHaveLength(12);
  expect(server.asked.at(-1)?.headers).toMatchObject({ authorization: "Bearer s3cret", "x-scope-orgid": "blue" });
});

test("a last sample that is too old is refused, naming the series and its age", async () => {
  const observer = await opened(
    answering((name, timeS) => ({ value: rising(name, timeS)?.value ?? "", sampledS: timeS - 45 })),
  );
  await expect(observer.observe()).rejects.toThrow(
    'requests_total{job="models", instance="a:80"}: expected a sample of the last 30 s, found one 45 s old',
  );
});

test("frozen metrics have no window", async () => {
  const observer = await opened(
    answering((name) => ({ value: rising(name, NOW_S)?.value ?? "", sampledS: NOW_S - 5 })),
  );
  await expect(observer.observe()).rejects.toThrow("arrivals: expected new samples, found none since");
});

test("a value that is no number, and a counter that went back, are refused", async () => {
  const nan = await opened(answering((name, timeS) => (name === "busy" ? { value: "NaN" } : rising(name, timeS))));
  await expect(nan.observe()).rejects.toThrow('busy{job="models", instance="a:80"}: expected a number, found NaN');
  await server.stop();
  const infinite = await opened(
    answering((name, timeS) => (name === "waiting" ? { value: "+Inf" } : rising(name, timeS))),
  );
  await expect(infinite.observe()).rejects.toThrow("expected a number, found Infinity");
  await server.stop();
  const back = await opened(
    answering((name, timeS) => (name === "requests_total" ? { value: String(NOW_S - timeS) } : rising(name, timeS))),
  );
  await expect(back.observe()).rejects.toThrow("expected a counter that grows, found");
});

test("a metric without series is refused by name; a counter of failures need not be there", async () => {
  const observer = await opened(answering((name, timeS) => (name === "waiting" ? null : rising(name, timeS))));
  await expect(observer.observe()).rejects.toThrow("queue: waiting: expected series, found none");
});

test("an answer with warnings is a part of the truth", async () => {
  const observer = await opened(answering(rising, ["store b did not answer"]));
  await expect(observer.observe()).rejects.toThrow("expected a whole answer, found warnings: store b did not answer");
});

test("a damaged answer is refused by path", async () => {
  const observer = await opened(({ url }) =>
    url.pathname.endsWith("/query")
      ? "{}"
      : '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{}}]}}',
  );
  await expect(observer.observe()).rejects.toThrow("query_range: data.result[0].values: expected array, found nothing");
});

test("a query the server refuses is not asked again; a server that fails is, and then left alone", async () => {
  const refusing = await opened(({ url }) =>
    url.pathname.endsWith("/query") ? "{}" : { status: 422, body: '{"status":"error","error":"bad query"}' },
  );
  await expect(refusing.observe()).rejects.toThrow(/expected 200, found 422 .*bad query/);
  expect(server.asked).toHaveLength(2);
  await server.stop();
  const failing = await opened(({ url }) => (url.pathname.endsWith("/query") ? "{}" : { status: 503, body: "busy" }));
  await expect(failing.observe()).rejects.toThrow("expected an answer, found 503 busy");
  expect(server.asked).toHaveLength(4);
  await expect(failing.observe()).rejects.toThrow("expected an answer, found 503 busy");
  await expect(failing.observe()).rejects.toThrow("found 6 failures in a row; asked again soon");
  expect(server.asked).toHaveLength(7);
});

test("a window of more grid points than a query may have is asked for in parts", async () => {
  const observer = await opened(answering(rising), { scrapeS: 0.2, maxAgeS: 30, lookbackS: 1200 });
  const { metrics: window } = await observer.observe();
  expect(window.requests).toBeCloseTo(1200, 3);
}, 30_000);

test("a clock that goes back has no window", async () => {
  const observer = await opened(answering(rising));
  await observer.observe();
  nowS -= 5;
  await expect(observer.observe()).rejects.toThrow(`expected time after ${NOW_S} s, found ${NOW_S - 5} s`);
});
