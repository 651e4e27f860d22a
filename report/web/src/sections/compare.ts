// Several runs beside one another.
import { lineChart, type Line } from "../chart/lines.ts";
import { kindColour } from "../colour.ts";
import { select } from "../controls.ts";
import type { Measure, Run } from "../data.ts";
import { h } from "../dom.ts";
import { figure } from "../figure.ts";
import { fixed, human, kStability, measured, percent, spread } from "../format.ts";
import { recommended } from "./summary.ts";
import { section, type Context, type Section } from "./section.ts";
import { ratioAxis } from "./ways.ts";

const kRetained: Measure = { name: "quality of the unpruned model's", unit: "%", digits: 2, higher_is_better: true, is_exponential: false };

export function compareSection(context: Context): Section | null {
  const { report: { runs }, state } = context;
  if (runs.length < 2) return null;
  const place = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Comparison of the runs" });
  const drawTable = () => place.replaceChildren(comparison(context));
  drawTable();
  const labels = [...new Set(runs.flatMap((run) => run.series.filter((one) => one.examples === null).map((one) => one.label)))];
  // Of those that the most runs have the usual one, or the first that is not random.
  const having = (label: string) => runs.filter((run) => run.series.some((one) => one.label === label && one.examples === null)).length;
  const most = Math.max(...labels.map(having)), common = labels.filter((label) => having(label) === most && label !== "random");
  const usual = common.find((label) => label === "hies α = 0.7") ?? common[0] ?? labels[0]!;
  const way = () => (labels.includes(state.get("overlay")) ? state.get("overlay") : usual);
  const lines = (of: (run: Run) => Line["points"]): Line[] => runs.map((run, i) => ({ label: run.key, colour: kindColour(i), shape: i, points: of(run) })).filter((line) => line.points.length > 0);
  const pointsOf = (run: Run) => run.series.find((one) => one.label === way() && one.examples === null)?.points ?? [];
  const stability = () => lines((run) => pointsOf(run).flatMap((point) => (point.stability
    ? [{ x: point.ratio, y: point.stability[0], sd: point.stability[1], tip: `${run.key}\nratio ${point.ratio}: ${spread(point.stability, kStability)}` }] : [])));
  const retained = () => lines((run) => pointsOf(run).flatMap((point) => {
    if (!point.quality || !run.unpruned.quality) return [];
    const share = (value: number) => (100 * value) / run.unpruned.quality!;
    const value: [number, number | null] = [share(point.quality[0]), point.quality[1] === null ? null : share(point.quality[1])];
    return [{ x: point.ratio, y: value[0], sd: value[1], tip: `${run.key}\nratio ${point.ratio}: ${spread(value, kRetained)}` }];
  }));
  const numbers = (of: () => Line[]) => () => ({ columns: ["run", "ratio", "mean", "sd"],
    rows: of().flatMap((line) => line.points.map((point) => [line.label, String(point.x), fixed(point.y, 2), point.sd === null ? "–" : fixed(point.sd, 2)])) });
  const chart = (title: string, caption: string, label: string, of: () => Line[]) => figure({ title, caption, numbers: numbers(of),
    draw: (width) => lineChart({ width, height: 270, lines: of(), x: ratioAxis(context.run), y: { label } }) });
  const figures = [
    chart("Stability, run by run", "Whiskers: ± one standard deviation over the seeds.", "stability, %", stability),
    chart("Quality kept, run by run", "Quality as a share of the unpruned model's.", "of the unpruned, %", retained),
  ];
  return section("compare", "Comparison of the runs", (changed) => {
    if (changed.has("overlay")) for (const one of figures) one.redraw();
    if (changed.has("stability") || changed.has("way")) drawTable();
  }, place, h("div", { class: "controls" }, select(state, "overlay", "Overlay of", labels.map((label) => ({ value: label === usual ? "" : label, label })))),
    h("div", { class: "figures two" }, ...figures.map((one) => one.element)));
}

function comparison(context: Context): HTMLElement {
  const columns = ["run", "task", "metric", "unpruned", "heads", "recommended", "ratio", "quality", "stability", "parameters", "FLOPs"];
  return h("table", { "data-table": "comparison" }, h("caption", {}, `At the stability that the slider above demands, ${fixed(context.state.number("stability", 50, 100), 1)} %`),
    h("thead", {}, h("tr", {}, ...columns.map((column) => h("th", { scope: "col" }, column)))),
    h("tbody", {}, ...context.report.runs.map((run) => {
      const found = recommended(context, run), quality = run.quality;
      const cells = [run.task, quality?.name ?? "–", quality ? measured(run.unpruned.quality, quality) : "–", run.unpruned.heads,
        ...(found ? [found.series.label, percent(found.point.ratio, 0), quality ? spread(found.point.quality, quality) : "–", spread(found.point.stability, kStability),
          `${human(found.point.parameters)} (−${percent(found.point.removed[1])})`, `${human(found.point.flops)} (−${percent(found.point.removed[2])})`] : ["none", "–", "–", "–", "–", "–"])];
      return h("tr", {}, h("th", { scope: "row" }, run.key), ...cells.map((cell) => h("td", {}, cell)));
    })));
}
