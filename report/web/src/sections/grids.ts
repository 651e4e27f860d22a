// What α does, and how many calibration examples are enough.
import { lineChart, type Line } from "../chart/lines.ts";
import { amount, familyColour, kindColour } from "../colour.ts";
import { select } from "../controls.ts";
import type { Run, Series } from "../data.ts";
import { h } from "../dom.ts";
import { figure, type Figure } from "../figure.ts";
import { described, percent, spread } from "../format.ts";
import { alphaFamilies, rankedAlphas } from "../stats.ts";
import { section, type Context, type Section } from "./section.ts";
import { linePoint, look, mostOf, ratioAxis } from "./ways.ts";

const ratiosOf = (list: Series[]): number[] => [...new Set(list.flatMap((series) => series.points.map((point) => point.ratio)))].sort((a, b) => a - b);

const kPlaces = [["best", "#009E73", ""], ["median", "#0072B2", "6 3"], ["worst", "#D55E00", "2 3"]] as const;

export function alphaSection(context: Context): Section | null {
  const { run, state } = context, measure = run.quality, families = alphaFamilies(run);
  if (!measure || families.size === 0) return null;
  const family = (): Series[] => families.get(state.get("family")) ?? [...families.values()][0]!;
  const places = (): Line[] => kPlaces.map(([label, colour, dash], place) => ({ label: `${label} α`, colour, dash, shape: place,
    points: ratiosOf(family()).flatMap((ratio) => {
      const ranked = rankedAlphas(family(), ratio, measure.higher_is_better);
      if (ranked.length < 2) return [];
      const { series, point } = ranked[place === 0 ? 0 : place === 1 ? Math.floor((ranked.length - 1) / 2) : ranked.length - 1]!;
      return [{ ...linePoint(series, point, point.quality!, measure), tip: `${label}: α = ${series.alpha}\nratio ${ratio}: ${spread(point.quality, measure)}` }];
    }) }));
  const byRatio = (): Line[] => ratiosOf(family()).map((ratio, i, all) => ({ label: percent(ratio, 0), colour: amount(all.length > 1 ? 0.05 + (0.8 * i) / (all.length - 1) : 0.3), shape: i,
    points: family().flatMap((series) => {
      const point = series.points.find((one) => one.ratio === ratio);
      return point?.quality ? [linePoint(series, point, point.quality, measure, series.alpha!)] : [];
    }) }));
  const numbers = () => ({ columns: ["α", ...ratiosOf(family()).map((ratio) => `ratio ${ratio}`)],
    rows: family().map((series) => [String(series.alpha), ...ratiosOf(family()).map((ratio) => spread(series.points.find((one) => one.ratio === ratio)?.quality ?? null, measure))]) });
  const figures: Figure[] = [
    figure({ title: "Best, median and worst α", caption: "Of the α of the grid, ratio by ratio, by mean quality on the evaluation data: the best is optimistic.", numbers,
      draw: (width) => lineChart({ width, height: 280, lines: places(), x: ratioAxis(run), y: { label: described(measure), most: mostOf(measure) } }) }),
    figure({ title: "Quality against α", caption: "One line for each ratio. α = 1 is HIS, α = 0 keeps heads that concentrate.", numbers,
      draw: (width) => lineChart({ width, height: 280, lines: byRatio(), x: { label: "α" }, y: { label: described(measure), most: mostOf(measure) } }) }),
  ];
  return section("alpha", "What α does", (changed) => { if (changed.has("family")) for (const one of figures) one.redraw(); },
    families.size > 1 ? h("div", { class: "controls" }, select(state, "family", "Method", [...families.keys()].map((name, i) => ({ value: i === 0 ? "" : name, label: name })))) : null,
    h("div", { class: "figures two" }, ...figures.map((one) => one.element)));
}

// All numbers of examples that one configuration was measured with, by the family and alpha that they have in common.
function sizeFamilies(run: Run): Map<string, Series[]> {
  const all = new Map<string, Series[]>();
  const name = (series: Series) => `${series.family}${series.alpha_chosen ? " α auto" : series.alpha === null ? "" : ` α = ${series.alpha}`}`;
  for (const series of run.series) if (series.examples !== null) all.set(name(series), [...(all.get(name(series)) ?? []), series]);
  for (const series of run.series) if (series.examples === null && all.has(name(series))) all.get(name(series))!.push(series);
  return all;
}

export function calibrationSection(context: Context): Section | null {
  const { run, state } = context, measure = run.quality, families = sizeFamilies(run);
  if (!measure || families.size === 0) return null;
  const ratios = ratiosOf([...families.values()].flat());
  const middle = ratios[Math.floor(ratios.length / 2)]!;
  const ratio = () => ratios.find((one) => String(one) === state.get("calibration")) ?? middle;
  const sizeOf = (series: Series) => series.examples ?? run.options.examples;
  const all = () => [...families].map(([label, list]) => ({ label, list: [...list].sort((a, b) => sizeOf(a) - sizeOf(b)), at: (series: Series) => series.points.find((one) => one.ratio === ratio()) }));
  const made = (sd: boolean): Line[] => all().map(({ label, list, at }, i) => ({ label, ...look(run, list[0]!), shape: i,
    colour: families.size > 1 ? kindColour(i) : familyColour(list[0]!.method),
    points: list.flatMap((series) => {
      const value = at(series)?.quality;
      if (!value || (sd && value[1] === null)) return [];
      const point = linePoint(series, at(series)!, value, measure, sizeOf(series));
      const tip = `${label}\n${sizeOf(series)} examples: ${spread(value, measure)}`;
      return [sd ? { ...point, y: value[1]!, sd: null, tip } : { ...point, tip }];
    }) }));
  const sizes = [...new Set([...families.values()].flat().map(sizeOf))].sort((a, b) => a - b);
  const numbers = () => ({ columns: ["configuration", ...sizes.map((size) => `${size} examples`)],
    rows: all().map(({ label, list, at }) => [label, ...sizes.map((size) => {
      const series = list.find((one) => sizeOf(one) === size);
      return series ? spread(at(series)?.quality ?? null, measure) : "–";
    })]) });
  const ticks = sizes.length > 7 ? sizes.filter((_, i) => i % 2 === 0) : sizes;
  const figures = [
    figure({ title: "Quality against calibration size", caption: "Whiskers: ± one standard deviation over the seeds.", numbers,
      draw: (width) => lineChart({ width, height: 260, lines: made(false), x: { label: "calibration examples", log: true, ticks }, y: { label: described(measure) } }) }),
    figure({ title: "Spread against calibration size", caption: "Standard deviation of quality over the seeds' calibration sets.", numbers,
      draw: (width) => lineChart({ width, height: 260, lines: made(true), x: { label: "calibration examples", log: true, ticks }, y: { label: `sd of ${described(measure)}` } }) }),
  ];
  return section("calibration", "How many calibration examples", (changed) => { if (changed.has("calibration")) for (const one of figures) one.redraw(); },
    h("div", { class: "controls" }, select(state, "calibration", "Ratio", ratios.map((one) => ({ value: one === middle ? "" : String(one), label: percent(one, 0) })))),
    h("div", { class: "figures two" }, ...figures.map((one) => one.element)));
}
