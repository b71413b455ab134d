import { catalogueSchema, findPriceSet, priceSets, resolveCatalogue } from "../../src/catalogue/index.ts";
import { meanDurationS } from "../../src/math/index.ts";

/** MArk (Zhang et al., ATC 2019, table 2): Inception-v3, dollars per million requests. */
const published = { "c5.large": 5.0, container: 9.17, function: 19.0 };
const TOLERANCE = 0.03;

function usdPerMillion(usdPerHour: number, serviceMs: number): number {
  return (usdPerHour / 3600) * (serviceMs / 1000) * 1e6;
}

test("c5.large at 210 ms a request costs the published $5.0 per million: $0.085/h · 0.210 s / 3600 s", () => {
  const type = findPriceSet("aws-us-east-1-2018").instances.find(({ name }) => name === "c5.large");
  const found = usdPerMillion(type?.usdPerHour ?? 0, 210);
  expect(Math.abs(found / published["c5.large"] - 1)).toBeLessThan(TOLERANCE);
});

test("a 2-vCPU 4-GB container of 2018 at 217 ms costs the published $9.2: (2 · $0.0506 + 4 · $0.0127)/h", () => {
  const type = findPriceSet("aws-us-east-1-2018").instances.find(({ name }) => name === "container.2vcpu-4gb");
  const found = usdPerMillion(type?.usdPerHour ?? 0, 217);
  expect(Math.abs(found / published.container - 1)).toBeLessThan(TOLERANCE);
});

test("a 3008-MB function at 380 ms, billed per millisecond, costs the published $19.0", () => {
  const { function: lambda } = findPriceSet("aws-us-east-1-2026-07");
  const found = 1e6 * (0.38 * (3008 / 1024) * lambda.usdPerGbS + lambda.usdPerRequest);
  expect(lambda.billingIncrementMs).toBe(1);
  expect(Math.abs(found / published.function - 1)).toBeLessThan(TOLERANCE);
});

test("100-ms rounding is the billing rule of the 2018 list, and can be chosen with any list", () => {
  expect(findPriceSet("aws-us-east-1-2018").function.billingIncrementMs).toBe(100);
  const chosen = resolveCatalogue(catalogueSchema.parse({ functions: true, function: { billingIncrementMs: 100 } }));
  expect(chosen.function?.billingIncrementMs).toBe(100);
});

test("an override changes only what it names; without spot no type offers it", () => {
  const { instances } = resolveCatalogue(
    catalogueSchema.parse({
      instances: ["c5.large"],
      overrides: { "c5.large": { usdPerHour: 0.1, launchS: { uniform: [10, 20] } } },
    }),
  );
  expect(instances[0]).toMatchObject({
    name: "c5.large",
    vcpus: 2,
    usdPerHour: 0.1,
    launchS: { uniform: [10, 20] },
    spotPriceRatio: null,
  });
});

test("a type of one's own needs a price; unknown types, lists and stray overrides are refused with the choices", () => {
  const own = { instances: ["h100"], overrides: { h100: { usdPerHour: 4, gpus: 1 } } };
  expect(resolveCatalogue(catalogueSchema.parse(own)).instances[0]).toMatchObject({
    name: "h100",
    gpus: 1,
    usdPerHour: 4,
  });
  expect(() => resolveCatalogue(catalogueSchema.parse({ instances: ["h100"] }))).toThrow(
    /expected one of .*c5\.large.*found "h100"/,
  );
  expect(() => resolveCatalogue(catalogueSchema.parse({ prices: "aws-2050" }))).toThrow(
    /expected one of .*aws-us-east-1-2026-07/,
  );
  expect(() => resolveCatalogue(catalogueSchema.parse({ overrides: { "c5.large": {} } }))).toThrow(
    /catalogue\.overrides\.c5\.large/,
  );
});

test("every list states its source and date, and every type a price, a launch and a billing rule that make sense", () => {
  for (const set of priceSets) {
    expect(set.source).not.toBe("");
    for (const type of set.instances) {
      expect(type.usdPerHour).toBeGreaterThan(0);
      expect(meanDurationS(type.launchS)).toBeGreaterThan(0);
      expect(type.billing.minimumS).toBe(60);
      if (type.spotPriceRatio !== null) {
        expect(type.spotPriceRatio).toBeGreaterThan(0);
        expect(type.spotPriceRatio).toBeLessThan(1);
        expect(type.spotInterruptionsPerHour).toBeGreaterThan(0);
      }
    }
    const names = set.instances.map((type) => type.name);
    expect(new Set(names).size).toBe(names.length);
  }
});

test("a saving of 59 % in the lowest band is a ratio of 0.41 and one loss in 14,600 hours", () => {
  const c5 = findPriceSet("aws-us-east-1-2026-07").instances.find((type) => type.name === "c5.large");
  expect(c5?.spotPriceRatio).toBeCloseTo(0.41, 12);
  expect(1 / (c5?.spotInterruptionsPerHour ?? 0)).toBeCloseTo(14_600, 6);
});
