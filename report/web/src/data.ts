// What src/hies/report/page_data.cpp writes (docs/formats.md, "The data of a report").

export type Spread = [mean: number, sd: number | null];

export interface Latency { median: number; p25: number; p75: number; unpruned_median: number; speedup: number }

// Mean errors of the residual stream after each fitted site, and mean divergences on held-out rows.
export interface Refitted { divergence: [before: number, after: number] | null; sites: [layer: number, kind: string, before: number, after: number][] }

// Mean shares over the seeds: of each head, and of the neurons of each layer.
export interface Left { heads: number[][]; neurons: number[] }

export interface Point {
  ratio: number;
  records: number;
  quality: Spread | null;
  stability: Spread | null;
  loss_increase: Spread | null;
  heads: number;
  parameters: number;
  flops: number;
  removed: [heads: number, parameters: number, flops: number];
  latency_ms?: Latency;
  refitted?: Refitted;
  left?: Left;
}

export interface Series {
  label: string;
  method: string;
  family: string;
  uniform: boolean;
  sites: string;
  budget: string;
  refit: string;
  removes: string;  // what ratios are shares of, in words
  budget_flags: string[];
  drawn: boolean;
  loss: string | null;
  alpha: number | null;
  alpha_chosen: boolean;
  loss_chosen: boolean;
  examples: number | null;
  command: string;
  points: Point[];
}

export interface Measure { name: string; unit: string; digits: number; higher_is_better: boolean; is_exponential: boolean }

export interface Layer { heads: number[]; dead: number[]; original_heads: number; original_kv_heads: number }

export interface Layout {
  layers: Layer[];
  parameters: number;
  flops_per_token: number;
  per_head: [parameters: number, flops: number][];
  per_kv_head: [parameters: number, flops: number][];
}

export type HeadTable = number[][];

export interface Scores { file: string; loss: string; seed: number; his: HeadTable; ae: HeadTable }

export interface RunOptions {
  examples: number;
  seeds: number;
  normalise: string;
  units: string;
  group_score: string;
  granularity: string;
  min_heads_per_layer: number;
  stability_tolerance: number;
}

export type FrontPoint = [cost: number, quality: number, stability: number, label: string, ratio: number, seed: number | null];

export interface Pareto { cost: string; records: number; front: FrontPoint[]; cloud: [cost: number, quality: number][] }

export type SitePoint = [cost: number, quality: number, sd: number | null, stability: number, label: string, ratio: number];

export interface Front { cost: string; sites: string; refit: boolean; points: SitePoint[] }

export type BoundPoint = [firstOrder: number, secondOrderHeads: number | null, increase: number, ratio: number, method: string];

export interface Run {
  key: string;
  name: string;
  folder: string;
  task: string;
  model: { path: string; hash: string };
  calib: string;
  data: string;
  records: number;
  options: RunOptions;
  quality: Measure | null;
  unpruned: { heads: number; parameters: number; flops: number; quality: number | null; loss: number | null };
  mixed: boolean;  // ratios are shares of different things
  series: Series[];
  scores: Scores[];
  layout: Layout | null;
  bound: { loss: string; records: number; points: BoundPoint[] };
  pareto: Pareto[];
  fronts: Front[];
  notes: string[];
}

export type Cell = string | number | Spread | null;

export interface Table {
  name: string;
  title: string;
  caption: string;
  columns: { title: string; text: boolean; digits: number }[];
  rows: { cells: Cell[]; best: number[]; second: number[]; group: boolean }[];
  copies: Record<string, string>;
}

export interface Answer { answer: number; logits: number[]; loss: number | null }

export interface ExampleHead { layer: number; head: number; pruned: boolean; his: number; entropy: number; asked: number[]; mean: number[] }

export interface Example {
  row: number;
  tokens: string[];
  label: number | null;
  before: Answer;
  after: Answer | null;
  heads: ExampleHead[];
  // Every head of the model, [layer][head]: |⟨∂loss/∂A, A⟩| of this example per token, and the entropy.
  his: HeadTable;
  entropy: HeadTable;
  image?: string;
  grid?: { rows: number; columns: number; first_token: number };
}

export interface Explanation {
  model: { path: string; hash: string };
  task: string;
  data: { file: string };
  plan: { file: string } | null;
  pick: string;
  loss: string;
  labels: string[];
  examples: Example[];
}

export interface Report {
  schema: string;
  hies: string;
  runs: Run[];
  tables: { folder: string; tables: Table[] }[];
  explanations: Explanation[];
}

// Series of the usual number of calibration examples.
export const usualSeries = (run: Run): Series[] => run.series.filter((one) => one.examples === null);

// Of these the ones that have room beside all others: alpha 0, 1, the nearest to 0.7, a chosen one, or none.
export function shownSeries(run: Run): Series[] {
  const usual = usualSeries(run);
  const grid = usual.filter((one) => one.alpha !== null && !one.alpha_chosen).map((one) => one.alpha!);
  const nearest = grid.reduce((best, alpha) => (Math.abs(alpha - 0.7) < Math.abs(best - 0.7) ? alpha : best), Infinity);
  return usual.filter((one) => one.alpha === null || one.alpha_chosen || [0, 1, nearest].includes(one.alpha));
}
