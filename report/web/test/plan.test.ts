import assert from "node:assert/strict";
import { test } from "node:test";
import { minMax, mix, plan, rankedUnits, saving } from "../src/plan.ts";
import { layout, options } from "./made.ts";

const his = [[1, 5, 3, 2], [4, 0, 2, 2]], ae = [[0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]];

test("min–max is over the model or the layer, and 0 where all are equal", () => {
  assert.deepEqual(minMax([[1, 3], [2, 5]], false), [[0, 0.5], [0.25, 1]]);
  assert.deepEqual(minMax([[1, 3], [2, 5]], true), [[0, 1], [0, 1]]);
  assert.deepEqual(minMax([[2, 2]], false), [[0, 0]]);
});

test("HIES weighs importance against concentration", () => {
  assert.deepEqual(mix([[0, 10]], [[0.2, 0.6]], 0.75, false), [[0.25, 0.75]]);
});

test("a share is rounded half up, lowest first, ties by layer and head", () => {
  const units = rankedUnits(layout(2, 4), options(), his, ae, "his", 1);
  assert.deepEqual([...plan(units, layout(2, 4), options(), 0.3)], [[0, [0]], [1, [1]]]);         // 2.4 of 8
  assert.deepEqual([...plan(units, layout(2, 4), options(), 0.3125)], [[0, [0, 3]], [1, [1]]]);  // 2.5: three; of the 2s the first layer's goes
  assert.deepEqual([...plan(units, layout(2, 4), options(), 0.5)], [[0, [0, 3]], [1, [1, 2]]]);
  assert.equal(plan(units, layout(2, 4), options(), 0).size, 0);
});

test("uniform takes the share of every layer, and heads that must stay do", () => {
  const units = rankedUnits(layout(2, 4), options(), his, ae, "his", 1);
  assert.deepEqual([...plan(units, layout(2, 4), options(), 0.5, true)], [[0, [0, 3]], [1, [1, 2]]]);
  assert.deepEqual([...plan(units, layout(2, 4), options({ min_heads_per_layer: 3 }), 0.5)], [[0, [0]], [1, [1]]]);
});

test("groups go as a whole, scores summed, entropies averaged", () => {
  const of = layout(2, 4, 2);
  const units = rankedUnits(of, options(), his, ae, "his", 1);
  assert.deepEqual(units.map((unit) => [unit.layer, unit.heads, unit.keep]), [[0, [0, 1], 6], [0, [2, 3], 5], [1, [0, 1], 4], [1, [2, 3], 4]]);
  assert.deepEqual([...plan(units, of, options(), 0.25)], [[1, [0, 1]]]);
});

test("even units take the same rank of each group", () => {
  const units = rankedUnits(layout(2, 4, 2), options({ units: "even" }), his, ae, "his", 1);
  assert.deepEqual(units.map((unit) => unit.heads), [[0, 3], [1, 2], [0, 3], [1, 2]]);
});

test("a KV head is saved with the last of its query heads", () => {
  const of = layout(2, 4, 2);
  assert.deepEqual(saving(new Map([[0, [0, 1]]]), of), { heads: 0.25, parameters: 0.025, flops: 0.023 });
  assert.deepEqual(saving(new Map([[0, [0, 2]]]), of), { heads: 0.25, parameters: 0.02, flops: 0.02 });
  assert.deepEqual(saving(new Map([[0, [0]]]), of), { heads: 0.125, parameters: 0, flops: 0 });  // it is kept as zeros beside head 1
});
