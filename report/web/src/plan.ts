// The planner of src/hies/score/methods and src/hies/prune/budget.cpp once more, number for number: the same order of operations,
// rounding floor(ratio·N + 0.5) and ties by (layer, head).
import type { HeadTable, Layer, Layout, RunOptions } from "./data.ts";

export interface Unit { layer: number; heads: number[]; keep: number }

const kvOf = (layer: Layer, head: number): number => Math.floor((head * layer.original_kv_heads) / layer.original_heads);
const live = (layer: Layer): number[] => layer.heads.filter((head) => !layer.dead.includes(head));

export const isGrouped = (layout: Layout): boolean => layout.layers.some((layer) => layer.original_kv_heads < layer.original_heads);
export const unitKind = (layout: Layout, name: string): string => name || (isGrouped(layout) ? "kv-group" : "head");
export { kvOf };

export function minMax(table: HeadTable, perLayer: boolean): HeadTable {
  const range = (values: number[]): [number, number] => values.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Infinity, -Infinity]);
  const whole = range(table.flat());
  return table.map((row) => {
    const [least, most] = perLayer ? range(row) : whole;
    return row.map((value) => (most > least ? (value - least) / (most - least) : 0));
  });
}

export function mix(importance: HeadTable, entropy: HeadTable, alpha: number, perLayer: boolean): HeadTable {
  const mixed = minMax(importance, perLayer), spread = minMax(entropy, perLayer);
  return mixed.map((row, layer) => row.map((value, head) => alpha * value + (1 - alpha) * (1 - spread[layer]![head]!)));
}

export type Method = "his" | "ad" | "hies";

function keepScores(his: HeadTable, ae: HeadTable, method: Method, alpha: number, perLayer: boolean): HeadTable {
  if (method === "hies") return mix(his, ae, alpha, perLayer);
  const table = method === "his" ? his : ae;
  return perLayer ? minMax(table, true) : table;
}

function kvGroups(layer: Layer): number[][] {
  const groups: number[][] = [];
  for (const head of live(layer)) {
    const last = groups[groups.length - 1];
    if (last && kvOf(layer, last[0]!) === kvOf(layer, head)) last.push(head);
    else groups.push([head]);
  }
  return groups;
}

const compareLists = (a: number[], b: number[]): number => {
  for (let i = 0; i < Math.min(a.length, b.length); ++i) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
};

// `score`: of the head, for units "even".
function unitsOf(layer: Layer, kind: string, score: (head: number) => number): number[][] {
  if (kind === "head") return live(layer).map((head) => [head]);
  const groups = kvGroups(layer);
  if (kind === "kv-group" || groups.length === 0) return groups;
  const sorted = groups.map((group) => [...group].sort((a, b) => score(a) - score(b)));
  return sorted[0]!.map((_, rank) => sorted.map((group) => group[rank]!)).sort(compareLists);
}

function gather(values: number[], isEntropy: boolean, groupScore: string): number {
  if (values.length === 1) return values[0]!;
  let sum = 0;
  for (const value of values) sum += value;
  if (isEntropy) return sum / values.length;
  return groupScore === "max" ? Math.max(...values) : sum;
}

// All units with their keep-scores, layer by layer.
export function rankedUnits(layout: Layout, options: RunOptions, his: HeadTable, ae: HeadTable, method: Method, alpha: number): Unit[] {
  const kind = unitKind(layout, options.units), perLayer = options.normalise === "per-layer";
  const at = (table: HeadTable, layer: number, head: number) => table[layer]![layout.layers[layer]!.heads.indexOf(head)]!;
  const gathered = (units: number[][][], table: HeadTable, isEntropy: boolean) =>
    units.map((of, layer) => of.map((heads) => gather(heads.map((head) => at(table, layer, head)), isEntropy, options.group_score)));
  const singles = layout.layers.map((layer) => live(layer).map((head) => [head]));
  const own = kind === "even" ? keepScores(gathered(singles, his, false), gathered(singles, ae, true), method, alpha, perLayer) : null;
  const units = layout.layers.map((layer, index) =>
    unitsOf(layer, kind, (head) => own![index]![live(layer).indexOf(head)]!));
  const keep = keepScores(gathered(units, his, false), gathered(units, ae, true), method, alpha, perLayer);
  return units.flatMap((of, layer) => of.map((heads, i) => ({ layer, heads, keep: keep[layer]![i]! })));
}

function removalOrder(units: Unit[], layout: Layout, least: number): Unit[] {
  const order = [...units].sort((a, b) => a.keep - b.keep || a.layer - b.layer || compareLists(a.heads, b.heads));
  const spare = layout.layers.map((layer) => live(layer).length - least);
  return order.filter((unit) => {
    if (spare[unit.layer]! < unit.heads.length) return false;
    spare[unit.layer]! -= unit.heads.length;
    return true;
  });
}

const countOf = (ratio: number, total: number): number => Math.floor(ratio * total + 0.5);

// The heads to remove, by layer, original indices, ascending. Where a layer may not lose so many, fewer are removed.
export function plan(units: Unit[], layout: Layout, options: RunOptions, ratio: number, uniform = false): Map<number, number[]> {
  const order = removalOrder(units, layout, options.min_heads_per_layer);
  const chosen = uniform
    ? layout.layers.flatMap((_, layer) => {
        const total = units.filter((unit) => unit.layer === layer).length;
        return order.filter((unit) => unit.layer === layer).slice(0, countOf(ratio, total));
      })
    : order.slice(0, countOf(ratio, units.length));
  const pruned = new Map<number, number[]>();
  for (const unit of chosen) pruned.set(unit.layer, [...(pruned.get(unit.layer) ?? []), ...unit.heads]);
  return new Map([...pruned].sort(([a], [b]) => a - b).map(([layer, heads]) => [layer, heads.sort((a, b) => a - b)]));
}

// The query heads that stay in the tensors of a layer when `gone` go: where heads share keys, the smaller groups keep some as zeros
// (src/hies/prune/remaining.cpp).
function leftHeads(layer: Layer, gone: number[]): number[] {
  const stay = live(layer).filter((head) => !gone.includes(head));
  if (layer.original_kv_heads === layer.original_heads) return stay;
  const kvs = [...new Set(stay.map((head) => kvOf(layer, head)))];
  const sizeOf = (kv: number) => stay.filter((head) => kvOf(layer, head) === kv).length;
  const most = Math.max(0, ...kvs.map(sizeOf));
  const zeros: number[] = [];
  for (const kv of kvs) {
    const missing = most - sizeOf(kv), others = layer.heads.filter((head) => kvOf(layer, head) === kv && !stay.includes(head));
    if (others.length < missing) return stay;
    zeros.push(...others.slice(0, missing));
  }
  return [...stay, ...zeros];
}

// What a plan saves of the whole model: shares 0 … 1. A KV head is removed with the last of its query heads; heads that are kept as zeros save
// nothing.
export function saving(pruned: Map<number, number[]>, layout: Layout): { heads: number; parameters: number; flops: number } {
  let heads = 0, parameters = 0, flops = 0;
  for (const [index, gone] of pruned) {
    const layer = layout.layers[index]!, left = leftHeads(layer, gone);
    const kv = (list: number[]) => new Set(list.map((head) => kvOf(layer, head))).size;
    const less = layer.heads.length - left.length, kvLess = kv(layer.heads) - kv(left);
    heads += gone.length;
    parameters += less * layout.per_head[index]![0] + kvLess * layout.per_kv_head[index]![0];
    flops += less * layout.per_head[index]![1] + kvLess * layout.per_kv_head[index]![1];
  }
  const all = layout.layers.reduce((sum, layer) => sum + live(layer).length, 0);
  return { heads: heads / all, parameters: parameters / layout.parameters, flops: flops / layout.flops_per_token };
}
