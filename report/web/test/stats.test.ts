import assert from "node:assert/strict";
import { test } from "node:test";
import { shownSeries } from "../src/data.ts";
import { fixed, human, short, spread } from "../src/format.ts";
import { operatingPoint, pruneCommand, shellWord } from "../src/operating_point.ts";
import { alphaFamilies, orthogonality, pearson, rankedAlphas, sharpDrop } from "../src/stats.ts";
import { cellText } from "../src/table.ts";
import { accuracy, point, run, series } from "./made.ts";

test("the sharp drop is where the slope falls most", () => {
  const points = [point(0.1, 89, 99), point(0.2, 88, 98), point(0.3, 80, 95), point(0.4, 71, 90)];
  assert.deepEqual(sharpDrop(points, 90, true), { from: 0.2, to: 0.3 });
  assert.equal(sharpDrop(points.slice(0, 1), 90, true), null);
  assert.equal(sharpDrop([point(0.1, 80, 1), point(0.2, 75, 1), point(0.3, 72, 1)], 90, true), null);  // it only flattens
  assert.deepEqual(sharpDrop([point(0.1, 11, 1), point(0.2, 30, 1)], 10, false), { from: 0.1, to: 0.2 });
});

test("the operating point is the largest ratio that stays stable all the way", () => {
  const of = run([
    series("his", [point(0.1, 89, 97), point(0.2, 88, 94), point(0.3, 87, 96)]),
    series("hies", [point(0.1, 89, 98), point(0.2, 88, 95), point(0.3, 70, 94)]),
    series("l2", [point(0.1, 89, 98), point(0.2, 88.5, 95)]),
    series("random", [point(0.5, 99, 99)], { drawn: true }),
    series("his", [point(0.6, 99, 99)], { examples: 8 }),
  ]);
  assert.equal(operatingPoint(of, 95)?.series.label, "l2");  // of those that reach 0.2 the better
  assert.equal(operatingPoint(of, 95, "his")?.point.ratio, 0.1);
  assert.equal(operatingPoint(of, 99.5), null);
  assert.equal(pruneCommand(of, operatingPoint(of, 95)!), "hies prune m --method l2 --ratio 0.2 -o r-0.2");
});

test("where ratios are of different things, FLOPs compare them, and the command has the budget's flags", () => {
  const cheap = { ...point(0.2, 88, 96), removed: [0.2, 0.3, 0.4] as [number, number, number] };
  const of = { ...run([series("his", [point(0.3, 89, 97)]), series("fisher", [cheap], { sites: "attention,ffn", budget_flags: ["--ratio", "--ffn-ratio"] })]), mixed: true };
  assert.equal(operatingPoint(of, 95)?.series.label, "fisher");
  assert.equal(operatingPoint({ ...of, mixed: false }, 95)?.series.label, "his");
  assert.equal(pruneCommand(of, operatingPoint(of, 95)!), "hies prune m --method fisher --ratio 0.2 --ffn-ratio 0.2 -o r-0.2");
});

test("words of a command are quoted as a shell needs it", () => {
  assert.equal(shellWord("a-b/c.tsv"), "a-b/c.tsv");
  assert.equal(shellWord("it's $(x)"), "'it'\\''s $(x)'");
  assert.equal(shellWord(""), "''");
});

test("alphas are ranked by quality, of equals the smaller first", () => {
  const of = [0, 0.5, 1].map((alpha, i) => series(`hies α = ${alpha}`, [point(0.1, [80, 85, 80][i]!, 90)], { alpha, family: "hies" }));
  assert.deepEqual(rankedAlphas(of, 0.1, true).map((one) => one.series.alpha), [0.5, 0, 1]);
  assert.deepEqual(rankedAlphas(of, 0.1, false).map((one) => one.series.alpha), [0, 1, 0.5]);
  assert.deepEqual([...alphaFamilies(run([...of, series("his", [])])).keys()], ["hies"]);
});

test("of many alphas 0, 1 and the nearest to 0.7 are shown at first", () => {
  const of = [0, 0.25, 0.5, 0.75, 1].map((alpha) => series(`hies ${alpha}`, [], { alpha }));
  assert.deepEqual(shownSeries(run([series("his", []), ...of, series("hies auto", [], { alpha: 0.25, alpha_chosen: true })])).map((one) => one.label),
    ["his", "hies 0", "hies 0.75", "hies 1", "hies auto"]);
});

test("correlation and orthogonality", () => {
  assert.ok(Math.abs(pearson([1, 2, 3], [2, 4, 6]) - 1) < 1e-12);
  assert.equal(pearson([1, 2], [3, 3]), 0);
  const of = orthogonality([[1, 3]], [[0.2, 0.4]]);
  assert.deepEqual([of.hisMean, of.aeMean, of.inner], [0.5, 0.5, 0.75]);
  assert.ok(Math.abs(of.covariance - 0.125) < 1e-12 && Math.abs(of.pearson - 1) < 1e-12);
});

test("numbers as people read them", () => {
  assert.equal(fixed(-0.001, 2), "0.00");
  assert.equal(human(4267970), "4.27 M");
  assert.equal(human(12), "12");
  assert.equal(short(0.000008624), "8.62e−6");
  assert.equal(spread([84.633, 0.2], accuracy), "84.63 ± 0.20 %");
  assert.equal(spread(null, accuracy), "–");
  assert.equal(cellText([1.005, null], 1), "1.0");
});
