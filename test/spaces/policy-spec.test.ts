import fc from "fast-check";
import { CheckpointError, type PolicySpec } from "../../src/core/index.ts";
import { canonicalJson, checkPolicySeal, fromJson, sealPolicySpec, sha256Of, toJson } from "../../src/spaces/index.ts";

const spec: Omit<PolicySpec, "sha256"> = {
  format: "trimtab-policy",
  version: 1,
  kind: "static",
  features: [],
  knobs: [{ name: "offloadThresholdMs", values: [0, Infinity], actuation: "hot", actuationDelayS: 0, decideEveryS: 0 }],
  parameters: { margin: 0.1 },
  bounds: { initial: { offloadThresholdMs: Infinity }, budgetUsdPerHour: null },
  environment: "trimtab/Test-v0",
  seed: 1,
  training: { steps: 0, episodes: 0, meanReward: null },
};

test("canonical JSON does not depend on the order of keys and reads back as the same value", () => {
  expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: undefined, e: true })).toBe(
    '{"b":[1,{"c":"x","d":null}],"e":true}',
  );
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("infinity survives the way to JSON and back; NaN is refused", () => {
  expect(canonicalJson({ never: Infinity })).toBe('{"never":"Infinity"}');
  expect(fromJson(toJson(spec))).toEqual(spec);
  expect(() => canonicalJson({ x: Number.NaN })).toThrow(TypeError);
});

test("the digest is SHA-256 of the canonical text", () => {
  // SHA-256 of the two bytes "{}".
  expect(sha256Of({})).toBe("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
});

test("a sealed spec passes its check, seals to itself again, and fails when any field changed", () => {
  const sealed = sealPolicySpec(spec);
  expect(() => checkPolicySeal(sealed)).not.toThrow();
  expect(sealPolicySpec(sealed)).toEqual(sealed);
  expect(() => checkPolicySeal({ ...sealed, seed: 2 })).toThrow(CheckpointError);
});
