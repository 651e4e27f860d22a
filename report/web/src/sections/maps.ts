// Heads by their scores, and which of them go.
import { headMap, type Kind } from "../chart/heads.ts";
import { select, slider } from "../controls.ts";
import type { HeadTable, Layout, Run, Scores, Series } from "../data.ts";
import { h } from "../dom.ts";
import { figure, type Figure } from "../figure.ts";
import { fixed, kStability, percent, short, spread } from "../format.ts";
import { isGrouped, minMax, mix, plan, rankedUnits, saving, unitKind, type Unit } from "../plan.ts";
import { cellChoices, cellsWith, chosenCell } from "./refits.ts";
import { section, type Context, type Section } from "./section.ts";

export function chosenScores(context: Context): Scores {
  const { run, state } = context;
  return run.scores.find((one) => one.file === state.get("scores")) ?? run.scores[0]!;
}

interface View {
  scores: Scores;
  alpha: number;
  ratio: number;
  hies: HeadTable;                  // [layer][head], of single heads
  unitsHis: Unit[];
  unitsHies: Unit[];
  byHis: Map<number, number[]>;
  byHies: Map<number, number[]>;
}

function view(context: Context): View {
  const { run, state } = context, layout = run.layout!, scores = chosenScores(context);
  const alpha = state.number("alpha", 0, 1), ratio = state.number("ratio", 0, 1);
  const unitsHis = rankedUnits(layout, run.options, scores.his, scores.ae, "his", alpha);
  const unitsHies = rankedUnits(layout, run.options, scores.his, scores.ae, "hies", alpha);
  return { scores, alpha, ratio, hies: mix(scores.his, scores.ae, alpha, run.options.normalise === "per-layer"), unitsHis, unitsHies,
    byHis: plan(unitsHis, layout, run.options, ratio), byHies: plan(unitsHies, layout, run.options, ratio) };
}

// 1: removed last.
function ranks(units: Unit[]): Map<string, number> {
  const order = [...units].sort((a, b) => b.keep - a.keep);
  return new Map(order.flatMap((unit, i) => unit.heads.map((head) => [`${unit.layer}:${head}`, i + 1])));
}

export function mapsSection(context: Context): Section | null {
  const { run, state } = context, layout = run.layout;
  if (!layout || run.scores.length === 0) return null;
  let now = view(context), rankHies = ranks(now.unitsHies), cursor = { layer: 0, head: 0 }, cursorOn = false;
  const name = run.options.units && unitKind(layout, run.options.units) !== "head" || isGrouped(layout) ? "unit" : "head";

  const tip = (layer: number, head: number): string => {
    const place = layout.layers[layer]!.heads.indexOf(head);
    if (place < 0) return `layer ${layer}, head ${head}: not there`;
    const gone = (of: Map<number, number[]>) => of.get(layer)?.includes(head) ?? false;
    const by = [gone(now.byHis) ? "HIS" : "", gone(now.byHies) ? "HIES" : ""].filter(Boolean).join(" and ");
    return `layer ${layer}, head ${head}\nHIS ${short(now.scores.his[layer]![place]!)}, AE ${short(now.scores.ae[layer]![place]!)}, HIES ${short(now.hies[layer]![place]!)}\n` +
      `rank ${rankHies.get(`${layer}:${head}`) ?? "–"} of ${now.unitsHies.length} ${name}s by HIES\n${by ? `pruned by ${by}` : "kept by both"}`;
  };
  const difference = (layer: number, head: number): Kind => {
    const a = now.byHis.get(layer)?.includes(head) ?? false, b = now.byHies.get(layer)?.includes(head) ?? false;
    return a && b ? "both" : a ? "only first" : b ? "only second" : "kept";
  };
  const tables: Record<string, () => HeadTable> = { HIS: () => now.scores.his, AE: () => now.scores.ae, HIES: () => now.hies };
  const map = (title: string, caption: string, options: () => Partial<Parameters<typeof headMap>[0]>): Figure =>
    figure({ title, caption, most: 560, draw: (width) => headMap({ width, layout, tip, cursor: cursorOn ? cursor : null, ...options() }), numbers: () => numbers(layout, tip) });
  const raw = [
    map("HIS: importance", "How much the loss reacts to each head.", () => ({ values: tables.HIS!() })),
    map("AE: attention entropy", "0: all weight on one key; 1: all keys alike.", () => ({ values: tables.AE!() })),
  ];
  const moving = [
    map("HIES: higher is kept", "α·HIS + (1 − α)·(1 − AE), both by min–max.", () => ({ values: tables.HIES!() })),
    map("Pruned by HIS", "Shades: HIS.", () => ({ values: tables.HIS!(), pruned: now.byHis })),
    map("Pruned by HIES", "Shades: HIES.", () => ({ values: tables.HIES!(), pruned: now.byHies })),
    map("Difference", "Which of the two removes a head.", () => ({ kinds: difference })),
  ];
  const left = leftFigure(context, layout);
  const said = h("p", { class: "said", "aria-live": "polite" }), reading = h("p", { class: "note", id: "map-reading", "aria-live": "polite" });
  const sayPlan = () => said.replaceChildren(...planWords(run, layout, now));
  sayPlan();

  const grid = h("div", { class: "figures three", tabindex: "0", role: "group", "aria-label": "Head maps: arrow keys move from head to head",
    "aria-describedby": "map-reading", keydown: (event) => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[(event as KeyboardEvent).key];
      if (!step || event.target !== grid) return;
      event.preventDefault();
      if (cursorOn) {
        const layer = Math.max(0, Math.min(layout.layers.length - 1, cursor.layer + step[0]!));
        cursor = { layer, head: Math.max(0, Math.min(layout.layers[layer]!.original_heads - 1, cursor.head + step[1]!)) };
      }
      cursorOn = true;
      reading.textContent = tip(cursor.layer, cursor.head).replaceAll("\n", "; ");
      for (const one of [...raw, ...moving]) one.redraw();
    } }, ...[...raw, ...moving].map((one) => one.element));

  const update = (changed: Set<string>) => {
    if (changed.has("left")) left?.redraw();
    if (!["alpha", "ratio", "scores"].some((key) => changed.has(key))) return;
    now = view(context);
    rankHies = ranks(now.unitsHies);
    for (const one of changed.has("scores") ? [...raw, ...moving] : moving) one.redraw();
    sayPlan();
  };
  return section("maps", "Head maps", update,
    h("div", { class: "controls" },
      slider(state, "alpha", "α", 0, 1, 0.01, (value) => fixed(value, 2)),
      slider(state, "ratio", "Heads removed", 0, 0.95, 0.01, (value) => percent(value, 0)),
      select(state, "scores", "Scores", run.scores.map((one) => ({ value: one.file, label: `${one.loss}, calibration set ${one.seed}` })))),
    said, grid, reading, left?.element);
}

// A recorded plan of heads and neurons: the planner of this page knows heads alone.
function leftFigure({ run, state }: Context, layout: Layout): Figure | null {
  const cells = cellsWith(run, (point) => point.left);
  if (cells.length === 0) return null;
  const now = () => chosenCell(cells, state.get("left")).point.left!;
  const shareOf = (layer: number, head: number): number | undefined => now().heads[layer]?.[layout.layers[layer]!.heads.indexOf(head)];
  const one = figure({
    title: "Heads and neurons that are left",
    most: 700,
    caption: "Of a plan that the sweep has measured. Shades: share of the seeds that keep the head; bars: share of the layer's neurons that are left, mean over the seeds.",
    draw: (width) => headMap({ width, layout, values: now().heads, range: [0, 1], neurons: now().neurons,
      tip: (layer, head) => `layer ${layer}, head ${head}\nkept by ${percent(shareOf(layer, head) ?? 0, 0)} of the seeds` }),
    numbers: () => ({ columns: ["layer", "heads left", "neurons left"],
      rows: now().neurons.map((part, layer) => [layer, fixed((now().heads[layer] ?? []).reduce((sum, value) => sum + value, 0), 1), percent(part)]) }),
  });
  one.element.prepend(h("div", { class: "controls" }, select(state, "left", "Plan", cellChoices(cells))));
  return one;
}

// The recorded cell that the sliders stand on, if there is one.
export function recordedSeries(run: Run, loss: string, alpha: number): Series | undefined {
  return run.series.find((one) => one.method === "hies" && one.sites === "attention" && one.budget === "ratio" && one.refit === "none" && !one.uniform && one.examples === null && !one.alpha_chosen && !one.loss_chosen && one.loss === loss && one.alpha === alpha);
}

function planWords(run: Run, layout: Layout, now: View): (HTMLElement | string)[] {
  const count = (of: Map<number, number[]>) => [...of.values()].reduce((sum, heads) => sum + heads.length, 0);
  const saved = saving(now.byHies, layout);
  const words: (HTMLElement | string)[] = [
    h("strong", { "data-removed": count(now.byHies) }, `${count(now.byHies)} heads removed`),
    ` (${percent(saved.heads)}): −${percent(saved.parameters)} parameters, −${percent(saved.flops)} FLOPs per token. `,
  ];
  const point = recordedSeries(run, now.scores.loss, now.alpha)?.points.find((one) => one.ratio === now.ratio);
  words.push(point
    ? `Measured at this α and ratio: stability ${spread(point.stability, kStability)}${run.quality ? `, ${run.quality.name} ${spread(point.quality, run.quality)}` : ""}.`
    : "This α and ratio were not measured.");
  return words;
}

function numbers(layout: Layout, tip: (layer: number, head: number) => string): { columns: string[]; rows: string[][] } {
  const rows = layout.layers.flatMap((layer, index) => layer.heads.map((head) => {
    const [, values, rank, fate] = tip(index, head).split("\n");
    return [String(index), String(head), ...(values ?? "").split(", ").map((text) => text.split(" ")[1] ?? ""), rank ?? "", fate ?? ""];
  }));
  return { columns: ["layer", "head", "HIS", "AE", "HIES", "rank", "plan"], rows };
}

export const normalised = (table: HeadTable): HeadTable => minMax(table, false);
