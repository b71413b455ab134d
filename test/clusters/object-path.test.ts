// Places in Kubernetes objects: fields, items of lists by a field of theirs, flags of command lines.

import { parsePath, patchOf, readPath } from "../../src/clusters/kubernetes/object-path.ts";

const object = {
  metadata: { annotations: { "example.com/scale": "5" } },
  spec: {
    replicas: 3,
    containers: [
      { name: "proxy", args: ["--port=80"] },
      { name: "server", args: ["--model=m", "--max-num-seqs=64"], env: [{ name: "MODE", value: "fast" }] },
    ],
  },
};

const path = (text: string) => parsePath(text) ?? [];

test.each([
  ["spec.replicas", 3, { op: "replace", path: "/spec/replicas", value: 7 }],
  [
    "spec.containers[name=server].env[name=MODE].value",
    "fast",
    { op: "replace", path: "/spec/containers/1/env/0/value", value: "7" },
  ],
  [
    "spec.containers[name=server].args --max-num-seqs",
    64,
    { op: "replace", path: "/spec/containers/1/args/1", value: "--max-num-seqs=7" },
  ],
  ["metadata.annotations[x=y]", undefined, null],
  ["spec.containers[name=gone].args", undefined, null],
  ["spec.containers[name=server].args --gone", undefined, null],
  ["spec.missing", undefined, null],
])("%s", (text, value, patch) => {
  expect(readPath(object, path(text))).toBe(value);
  expect(patchOf(object, path(text), 7)).toEqual(patch);
});

test("a slash in a field's name is escaped in the patch", () => {
  const steps = [...path("metadata.annotations"), { kind: "field", name: "example.com/scale" }] as const;
  expect(patchOf(object, steps, 6)).toEqual({
    op: "replace",
    path: "/metadata/annotations/example.com~1scale",
    value: "6",
  });
});

test.each(["", "spec[", "spec.[name=x]", "spec containers", "[=]"])("%s is no place", (text) => {
  expect(parsePath(text)).toBeNull();
});
