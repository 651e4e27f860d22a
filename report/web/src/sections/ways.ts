// How configurations look in every figure: a colour for the method, a dash for what differs within it.
import type { LinePoint, Line } from "../chart/lines.ts";
import { familyColour } from "../colour.ts";
import { shownSeries, usualSeries, type Measure, type Point, type Run, type Series, type Spread } from "../data.ts";
import { percent, spread } from "../format.ts";
import type { Context } from "./section.ts";

const kDashes = ["", "6 3", "2 3", "8 3 2 3", "1 3"];

export function chosenWays({ run, state }: Context): Set<string> {
  const text = state.get("ways");
  if (text === "-") return new Set();
  return new Set(text ? text.split("|") : shownSeries(run).map((series) => series.label));
}

export function look(run: Run, series: Series): Pick<Line, "colour" | "dash" | "shape" | "band" | "wide"> {
  const methods = [...new Set(run.series.map((one) => one.method))];
  const alike = shownSeries(run).filter((one) => one.method === series.method);
  const place = alike.findIndex((one) => one.label === series.label);
  return { colour: familyColour(series.method), dash: kDashes[(place < 0 ? usualSeries(run).indexOf(series) : place) % kDashes.length]!,
    shape: methods.indexOf(series.method) + Math.max(0, place), band: series.drawn, wide: series.alpha_chosen };
}

// Where stability and shares end; a whisker must not ask for more.
export const mostOf = (measure: Measure): number | undefined => (measure.unit === "%" ? 100.5 : undefined);

export function ratioAxis(run: Run): { label: string; format: (value: number) => string; ticks: number[] } {
  const ratios = new Set([0, ...run.series.flatMap((series) => series.points.map((point) => point.ratio))]);
  return { label: "ratio of heads removed", format: (value) => percent(value, 0), ticks: [...ratios].sort((a, b) => a - b) };
}

export function linePoint(series: Series, point: Point, value: Spread, measure: Measure, x = point.ratio): LinePoint {
  return { x, y: value[0], sd: value[1],
    tip: `${series.label}\nratio ${point.ratio}: ${spread(value, measure)}\n${point.records} ${series.drawn ? "masks" : point.records === 1 ? "record" : "seeds"}` };
}
