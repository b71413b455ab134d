import { Grounds } from "../../src/training/grounds.ts";

test("the opening of reasons is kept each time it changes", () => {
  const grounds = new Grounds(100);
  grounds.add(0, "less than a day: mixed: 3 machines");
  grounds.add(10, "less than a day: mixed: 4 machines");
  grounds.add(20, "night 1, learnt: gains 2 %: 1 more");
  grounds.add(30, "less than a day: mixed: 4 machines");
  expect(grounds.all).toEqual([
    { sinceS: 100, text: "less than a day" },
    { sinceS: 120, text: "night 1, learnt" },
    { sinceS: 130, text: "less than a day" },
  ]);
});

test("reasons that open otherwise at every step are cut off", () => {
  const grounds = new Grounds(0);
  for (let step = 0; step < 5000; step++) grounds.add(step, `${step} requests: as many`);
  expect(grounds.all).toHaveLength(1000);
});
