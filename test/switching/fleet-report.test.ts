import { fleetSections } from "../../bench/fleet-report.ts";

const bound = { lpUsd: 1, integerLateUsd: 1, integerUsd: 1, clairvoyantUsd: 1 };

function fleet(context: string, ratio: number) {
  const row = { usdPerMillion: 6.5, met: true, hoursMissed: 0, decisionMicros: { p50: 20, p99: 90 } };
  const policies = [
    { ...row, name: "mixed:holdS=120", costToBound: 1.5 },
    { ...row, name: "region-fleet", costToBound: ratio },
    { ...row, name: "mark", costToBound: 0.9, met: false, hoursMissed: 3 },
  ];
  const pair = {
    name: "region-fleet",
    against: "mixed:holdS=120",
    periodS: 86_400,
    ratios: [0.95, 0.97],
    cheaperIn: 2,
  };
  const paired = [{ ...pair, ratio: 0.96, interval: [0.948, 0.972] }];
  const content = { seeds: [1], contexts: [{ name: context, bound, policies, paired }], geomean: {} };
  return { path: `${context}.json`, content };
}

const perturbed = {
  path: "perturbed.json",
  content: {
    policy: "region-fleet",
    seeds: [1],
    contexts: [
      {
        name: "surge",
        variants: [
          {
            name: "past-of-another-trace",
            against: "as-told",
            usdPerMillion: 5.6,
            ratio: 1.034,
            paired: null,
            met: true,
            hoursMissed: 0,
            grounds: [{ sinceS: 7200, text: "fell back on mixed" }],
          },
        ],
      },
    ],
  },
};

test("contexts of several documents make one table, the geometric mean over all of them", () => {
  const [section, ...others] = fleetSections([fleet("surge", 1.1), fleet("mmpp", 1.21)]);
  expect(others).toEqual([]);
  expect(section).toContain("| policy | surge | mmpp | geometric mean of the reference contexts |");
  expect(section).toContain("| `region-fleet` | 1.100 ($6.50) | 1.210 ($6.50) | 1.154 |");
});

test("a context that was run again is as its last document tells it, in its place", () => {
  const [section] = fleetSections([fleet("surge", 1.1), fleet("mmpp", 1.21), fleet("surge", 1.3)]);
  expect(section).toContain("| policy | surge | mmpp | geometric mean of the reference contexts |");
  expect(section).toContain("| `region-fleet` | 1.300 ($6.50) | 1.210 ($6.50) |");
});

test("contexts beyond the reference stand in the table, not in the mean", () => {
  const [section] = fleetSections([fleet("surge", 1.1), fleet("servegen-m-large", 5)]);
  expect(section).toContain("| `region-fleet` | 1.100 ($6.50) | 5.000 ($6.50) | 1.100 |");
});

test("a policy that missed the SLO shows how often, and no mean", () => {
  const [section] = fleetSections([fleet("surge", 1.1)]);
  expect(section).toContain("| `mark` | missed in 3 h | – |");
});

test("days are paired with an interval", () => {
  const [section] = fleetSections([fleet("surge", 1.1)]);
  expect(section).toContain(
    "| surge | `region-fleet` | `mixed:holdS=120` | 0.960 (0.948 to 0.972) | 2 of 2 days | 0.950 0.970 |",
  );
});

test("variants say what they cost and what the policy went by", () => {
  const sections = fleetSections([perturbed, fleet("surge", 1.1)]);
  expect(sections).toHaveLength(2);
  expect(sections[1]).toContain(
    "| surge | past-of-another-trace | met | 5.60 | 1.034 × as-told | 2 h: fell back on mixed |",
  );
});

test("a document of another benchmark is refused by its path", () => {
  expect(() => fleetSections([{ path: "search.json", content: { problems: [] } }])).toThrow(
    /search\.json: .*expected the JSON of trimtab bench fleet/,
  );
});
