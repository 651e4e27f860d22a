// Quality and stability against what is removed.
import { lineChart, type Line } from "../chart/lines.ts";
import { boxes, select } from "../controls.ts";
import { shownSeries, usualSeries, type Measure, type Series, type Spread } from "../data.ts";
import { h } from "../dom.ts";
import { figure, type Figure, type Numbers } from "../figure.ts";
import { described, fixed, kStability, spread } from "../format.ts";
import { sharpDrop } from "../stats.ts";
import { section, type Context, type Section } from "./section.ts";
import { chosenWays, linePoint, look, mostOf, ratioAxis } from "./ways.ts";

const kDropWords = "Shaded: the sharp drop of the chosen configuration, the step after which quality falls most more steeply than before it " +
  "(largest fall of the slope between two steps; for equal steps the largest negative second difference). Ratio 0 is the unpruned model.";

function lines(context: Context, measure: Measure, of: "quality" | "stability", unpruned: number | null): Line[] {
  const { run } = context, chosen = chosenWays(context);
  return usualSeries(run).filter((series) => chosen.has(series.label)).map((series) => ({
    label: series.label,
    ...look(run, series),
    points: [
      ...(unpruned === null ? [] : [{ x: 0, y: unpruned, sd: null, tip: `unpruned: ${fixed(unpruned, measure.digits)}` }]),
      ...series.points.flatMap((point) => (point[of] ? [linePoint(series, point, point[of]!, measure)] : [])),
    ],
  }));
}

function numbers(context: Context, measure: Measure, of: "quality" | "stability"): Numbers {
  const chosen = chosenWays(context), list = usualSeries(context.run).filter((series) => chosen.has(series.label));
  const ratios = [...new Set(list.flatMap((series) => series.points.map((point) => point.ratio)))].sort((a, b) => a - b);
  return { columns: ["configuration", ...ratios.map((ratio) => `ratio ${ratio}`)],
    rows: list.map((series) => [series.label, ...ratios.map((ratio) => spread((series.points.find((one) => one.ratio === ratio)?.[of] ?? null) as Spread | null, measure))]) };
}

export function curvesSection(context: Context): Section {
  const { run, state } = context, ways = usualSeries(run);
  const candidates = ways.filter((series) => !series.drawn);
  // HIES at the alpha that stands for all, where it is there.
  const usual = (shownSeries(run).find((series) => series.method === "hies" && series.alpha !== 0 && series.alpha !== 1) ?? candidates[0])?.label;
  const dropWay = (): Series | undefined => candidates.find((series) => series.label === state.get("drop")) ?? candidates.find((series) => series.label === usual);
  const region = () => {
    const series = state.get("drop") === "-" ? undefined : dropWay();
    const found = series && run.quality ? sharpDrop(series.points, run.unpruned.quality, run.quality.higher_is_better) : null;
    return found && { ...found, label: `sharp drop of ${series!.label}` };
  };
  const chart = (measure: Measure, of: "quality" | "stability", unpruned: number | null): Figure => figure({
    title: of === "quality" ? "Quality against ratio" : "Stability against ratio",
    caption: of === "quality" ? kDropWords : "Share of the examples with the unpruned model's answer. Whiskers and band: ± one standard deviation over the seeds, of random over its masks.",
    draw: (width) => lineChart({ width, height: Math.max(230, Math.min(380, width * 0.55)), lines: lines(context, measure, of, unpruned),
      x: ratioAxis(run), y: { label: described(measure), most: mostOf(measure) }, region: of === "quality" ? region() : null }),
    numbers: () => numbers(context, measure, of),
  });
  const figures = [...(run.quality ? [chart(run.quality, "quality", run.unpruned.quality)] : []), chart(kStability, "stability", 100)];
  return section("curves", "Curves", (changed) => {
    if (["ways", "drop"].some((key) => changed.has(key as "ways"))) for (const one of figures) one.redraw();
  },
    h("details", { class: "choose", open: innerWidth > 700 }, h("summary", {}, "Configurations shown"), boxes(state, "ways", "Configurations", ways.map(({ label }) => ({ value: label, label })), () => chosenWays(context))),
    h("div", { class: "controls" }, run.quality ? select(state, "drop", "Mark the sharp drop of",
      [...candidates.map(({ label }) => ({ value: label === usual ? "" : label, label })), { value: "-", label: "none" }]) : null),
    h("div", { class: "figures two" }, ...figures.map((one) => one.element)));
}
