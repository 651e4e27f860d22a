// The page's planner against what a sweep has recorded: HIES_PARITY names "DATA.json RECORDS.jsonl" pairs, one a line.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Report } from "../src/data.ts";
import { operatingPoint, pruneCommand } from "../src/operating_point.ts";
import { plan, rankedUnits, saving, type Method } from "../src/plan.ts";
import { orthogonality } from "../src/stats.ts";

interface Record { run: string; method: string; uniform: boolean; alpha: number | null; ratio: number; scores: string | null; removed: { attention?: { [layer: string]: string } }; heads_removed: number; cost: { removed: { parameters: number } } }

// The units of a list of ranges, "0,2-3".
const unitsOf = (ranges: string): number[] => ranges.split(",").flatMap((range) => {
  const [first, last = first] = range.split("-").map(Number) as [number, number?];
  return Array.from({ length: last! - first + 1 }, (_, i) => first + i);
});

for (const line of (process.env.HIES_PARITY ?? "").split("\n").filter(Boolean)) {
  const [dataFile, recordsFile, commandsFile] = line.split(" ") as [string, string, string];
  const report = JSON.parse(readFileSync(dataFile, "utf8")) as Report;
  const records = readFileSync(recordsFile, "utf8").trim().split("\n").map((text) => JSON.parse(text) as Record);

  test(`${recordsFile}: the same heads go`, () => {
    let compared = 0;
    for (const record of records) {
      const run = report.runs.find((one) => one.name === record.run)!;
      const scores = run.scores.find((one) => one.file === record.scores);
      if (!scores || !["his", "ad", "hies", "hies-logit"].includes(record.method)) continue;
      const method = (record.method === "hies-logit" ? "hies" : record.method) as Method;
      const units = rankedUnits(run.layout!, run.options, scores.his, scores.ae, method, record.alpha ?? 1);
      const mine = plan(units, run.layout!, run.options, record.ratio, record.uniform);
      const removed = Object.entries(record.removed.attention ?? {}).map(([layer, ranges]) => [layer, unitsOf(ranges)]);
      assert.deepEqual(Object.fromEntries(mine), Object.fromEntries(removed), JSON.stringify(record));
      const saved = saving(mine, run.layout!).parameters;
      assert.ok(Math.abs(saved - record.cost.removed.parameters) < 1e-12, `${saved} parameters, not ${JSON.stringify(record)}`);
      ++compared;
    }
    assert.ok(compared >= 20, `only ${compared} records could be compared`);
  });

  test(`${recordsFile}: the figures of the tables`, () => {
    const table = report.tables[0]!.tables.find((one) => one.name === "orthogonality-seeds");
    let compared = 0;
    for (const row of table?.rows ?? []) {
      const [name, loss, seed, ...figures] = row.cells;
      const scores = report.runs.find((run) => run.name === name)!.scores.find((one) => one.loss === loss && one.seed === seed)!;
      const of = orthogonality(scores.his, scores.ae);
      [of.hisMean, of.aeMean, of.covariance, of.inner, of.pearson].forEach((value, i) => assert.ok(Math.abs(value - (figures[i] as number)) < 1e-12));
      ++compared;
    }
    assert.ok(compared > 0);
  });

  test(`${recordsFile}: the recommendation of the terminal`, () => {
    const text = readFileSync(commandsFile, "utf8");
    for (const run of report.runs) {
      const found = operatingPoint(run, 95);
      if (found) assert.ok(text.includes(`  ${pruneCommand(run, found)}\n`), `${pruneCommand(run, found)} is not in\n${text}`);
    }
  });
}
