// Heads, neurons and both against their cost, and what refits gave.
import { barChart, type Bar } from "../chart/bars.ts";
import { lineChart, type Line } from "../chart/lines.ts";
import { select } from "../controls.ts";
import { usualSeries, type Front, type Point, type Run, type Series } from "../data.ts";
import { h } from "../dom.ts";
import { figure } from "../figure.ts";
import { described, fixed, human, kStability, measured, percent, short, spread } from "../format.ts";
import { section, type Context, type Section } from "./section.ts";
import { mostOf } from "./ways.ts";

const kSites: Record<string, { colour: string; shape: number }> = {
  heads: { colour: "#0072B2", shape: 0 }, neurons: { colour: "#009E73", shape: 1 }, "heads + neurons": { colour: "#D55E00", shape: 3 },
};
const kKinds = [{ name: "attention", label: "attention", colour: "#0072B2" }, { name: "ffn", label: "feed-forward", colour: "#009E73" }];

const lookOf = (front: Front) => ({ ...(kSites[front.sites] ?? { colour: "#7F8790", shape: 4 }), dash: front.refit ? "" : "5 4", wide: front.refit });
const nameOf = (front: Front): string => `${front.sites}, ${front.refit ? "refitted" : "no refit"}`;

// A configuration at one ratio, as the lists of this page name it.
export interface Cell { value: string; label: string; series: Series; point: Point }

export function cellsWith(run: Run, has: (point: Point) => unknown): Cell[] {
  return usualSeries(run).flatMap((series) => series.points.filter((point) => has(point)).map((point) => ({ series, point,
    value: `${series.label} @ ${point.ratio}`, label: `${series.label}: ${percent(point.ratio, 0)} of the ${series.removes}` })));
}

export const chosenCell = (cells: Cell[], value: string): Cell => cells.find((cell) => cell.value === value) ?? cells[Math.floor((cells.length - 1) / 2)]!;

export const cellChoices = (cells: Cell[]) => cells.map(({ value, label }) => ({ value: value === chosenCell(cells, "").value ? "" : value, label }));

export function frontsSection({ run }: Context): Section | null {
  const measure = run.quality;
  if (!measure || run.fronts.length === 0) return null;
  const costs = [...new Set(run.fronts.map((front) => front.cost))];
  const figures = costs.map((cost) => {
    const fronts = run.fronts.filter((front) => front.cost === cost);
    const whole = cost.startsWith("FLOPs") && run.unpruned.quality !== null ? [{ x: run.unpruned.flops, y: run.unpruned.quality, sd: null, tip: "unpruned" }] : [];
    const lines: Line[] = fronts.map((front) => ({ label: nameOf(front), ...lookOf(front), points: front.points.map(([x, y, sd, stability, label, ratio]) => ({ x, y, sd,
      tip: `${label}\nratio ${ratio}\n${human(x)} ${cost}\n${measured(y, measure)}, stability ${measured(stability, kStability)}` })) }));
    if (whole.length > 0) lines.push({ label: "unpruned", colour: "#7F8790", shape: 5, points: whole });
    return figure({
      title: `Heads, neurons, both: ${cost}`,
      draw: (width) => lineChart({ width, height: Math.max(260, Math.min(380, width * 0.55)), lines, x: { label: cost, format: human }, y: { label: described(measure), most: mostOf(measure) } }),
      numbers: () => ({ columns: ["units", "refit", cost, described(measure), "stability", "configuration", "ratio"],
        rows: fronts.flatMap((front) => front.points.map(([x, y, sd, stability, label, ratio]) =>
          [front.sites, front.refit ? "yes" : "no", human(x), spread([y, sd], measure), measured(stability, kStability), label, String(ratio)])) }),
    });
  });
  return section("fronts", "Heads, neurons, both", () => {},
    h("p", { class: "note" }, "Pareto fronts of the configurations' means over the seeds, by what they remove; dashed without, solid with a refit. Whiskers: ± one standard deviation. Points are chosen on the evaluation data, so optimistic."),
    h("div", { class: "figures two" }, ...figures.map((one) => one.element)));
}

export function refitSection({ run, state }: Context): Section | null {
  const cells = cellsWith(run, (point) => point.refitted);
  if (cells.length === 0) return null;
  const now = () => chosenCell(cells, state.get("fit"));
  const gain = (before: number, after: number): number => (before > 0 ? 100 * (1 - after / before) : 0);
  const bars = (): Bar[] => now().point.refitted!.sites.map(([layer, kind, before, after]) => ({ group: layer, kind: Math.max(0, kKinds.findIndex(({ name }) => name === kind)),
    value: gain(before, after), tip: `layer ${layer}, ${kind}\nerror ${short(before)} → ${short(after)}\n${fixed(gain(before, after), 1)} % removed` }));
  const said = h("p", { class: "said", "aria-live": "polite" });
  const say = () => {
    const { series, point } = now(), plain = run.series.find((one) => one.label === series.label.replace(`, refit ${series.refit}`, ""))?.points.find((one) => one.ratio === point.ratio);
    const divergence = point.refitted!.divergence;
    said.textContent = (divergence ? `Divergence from the unpruned model on held-out rows: ${short(divergence[0])} before, ${short(divergence[1])} after. ` : "") +
      `Stability ${plain ? `${spread(plain.stability, kStability)} without, ` : ""}${spread(point.stability, kStability)} with the refit` +
      (run.quality ? `; ${run.quality.name} ${plain ? `${spread(plain.quality, run.quality)} without, ` : ""}${spread(point.quality, run.quality)} with it.` : ".");
  };
  say();
  const one = figure({
    title: "What the refit gave",
    most: 1000,
    caption: "How much of the error of the residual stream after each site the new output matrix removes, in %, on the rows that were fitted with. Error: mean squared difference from the unpruned model's. Later sites correct what is left of earlier ones.",
    draw: (width) => barChart({ width, height: 260, x: { label: "layer" }, y: { label: "error removed, %", most: 100 }, kinds: kKinds, bars: bars() }),
    numbers: () => ({ columns: ["layer", "site", "error before", "error after", "removed, %"],
      rows: now().point.refitted!.sites.map(([layer, kind, before, after]) => [layer, kind, short(before), short(after), fixed(gain(before, after), 1)]) }),
  });
  return section("refit", "What the refit gave", (changed) => { if (changed.has("fit")) { one.redraw(); say(); } },
    h("div", { class: "controls" }, select(state, "fit", "Refitted model", cellChoices(cells))), said, h("div", { class: "figures" }, one.element));
}
