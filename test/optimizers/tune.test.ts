import { Command } from "commander";
import { registerTune } from "../../src/cli/tune.ts";

async function tune(...args: string[]): Promise<{ text: string; json: Record<string, unknown> }> {
  const program = new Command().exitOverride();
  registerTune(program);
  let text = "";
  const write = jest.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await program.parseAsync(["node", "trimtab", "tune", "--scenario", "image-diurnal", "--requests", "300", ...args]);
  } finally {
    write.mockRestore();
  }
  return { text, json: text.startsWith("{") ? JSON.parse(text) : {} };
}

test("it prints every evaluation and the best of them, the same for the same seed", async () => {
  const first = await tune("--algorithm", "random", "--windows", "4", "--json");
  const evaluations = first.json["evaluations"];
  expect(evaluations).toHaveLength(4);
  expect(first.json).toMatchObject({ scenario: "image-diurnal", algorithm: "random", seed: 1 });
  expect(evaluations).toContainEqual(first.json["best"]);
  expect((await tune("--algorithm", "random", "--windows", "4", "--json")).text).toBe(first.text);
});

test("a table says for people what each window tried and why", async () => {
  const { text } = await tune("--algorithm", "hill-climb", "--windows", "2");
  expect(text).toContain("as it starts");
  expect(text).toMatch(/best: .*\/h/);
});

test("an agent that learns is run like any search", async () => {
  const { json } = await tune("--algorithm", "gp-prior", "--windows", "3", "--json");
  expect(json["evaluations"]).toHaveLength(3);
});

test("an unknown algorithm is refused with those there are", async () => {
  await expect(tune("--algorithm", "oracle")).rejects.toThrow('found "oracle"');
});
