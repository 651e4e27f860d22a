// Data for tests, made by hand.
import type { Layout, Measure, Point, Run, RunOptions, Series } from "../src/data.ts";

export const accuracy: Measure = { name: "accuracy", unit: "%", digits: 2, higher_is_better: true, is_exponential: false };

export const options = (changes: Partial<RunOptions> = {}): RunOptions => ({ examples: 32, seeds: 5, normalise: "global", units: "", group_score: "sum",
  granularity: "example", min_heads_per_layer: 0, stability_tolerance: 0.05, ...changes });

// `heads` heads in each layer, of which every `share` read the same KV head.
export function layout(layers: number, heads: number, share = 1): Layout {
  return { layers: Array.from({ length: layers }, () => ({ heads: Array.from({ length: heads }, (_, i) => i), dead: [], original_heads: heads, original_kv_heads: heads / share })),
    parameters: 1000, flops_per_token: 2000, per_head: Array.from({ length: layers }, () => [10, 20] as [number, number]), per_kv_head: Array.from({ length: layers }, () => [5, 6] as [number, number]) };
}

export function point(ratio: number, quality: number | null, stability: number): Point {
  return { ratio, records: 5, quality: quality === null ? null : [quality, 1], stability: [stability, 0.5], loss_increase: null, heads: 10, parameters: 900, flops: 1800, removed: [ratio, 0.1, 0.1] };
}

export function series(label: string, points: Point[], changes: Partial<Series> = {}): Series {
  return { label, method: label.split(" ")[0]!, family: label.split(" ")[0]!, uniform: false, drawn: false, loss: "ce", alpha: null, alpha_chosen: false, loss_chosen: false, examples: null,
    sites: "attention", budget: "ratio", refit: "none", removes: "heads", budget_flags: ["--ratio"], command: `hies prune m --method ${label}`, points, ...changes };
}

export function run(all: Series[]): Run {
  return { key: "r", name: "r", folder: "f", task: "sst2", model: { path: "m", hash: "0" }, calib: "c", data: "d", records: 1, options: options(), quality: accuracy,
    unpruned: { heads: 12, parameters: 1000, flops: 2000, quality: 90, loss: 0.3 }, series: all, scores: [], layout: null, bound: { loss: "ce", records: 0, points: [] }, pareto: [], fronts: [], mixed: false, notes: [] };
}
