// What quality costs, and what the paper's bound says about the loss.
import { dotChart, type Dot } from "../chart/points.ts";
import { familyColour } from "../colour.ts";
import { select } from "../controls.ts";
import { shownSeries, type Pareto } from "../data.ts";
import { h } from "../dom.ts";
import { figure } from "../figure.ts";
import { described, human, measured, percent, short } from "../format.ts";
import { section, redraws, type Context, type Section } from "./section.ts";

export function paretoSection(context: Context): Section | null {
  const { run } = context, measure = run.quality;
  if (!measure || run.pareto.length === 0) return null;
  const dots = ({ cost, cloud, front }: Pareto): Dot[] => [
    ...cloud.map(([x, y]) => ({ x, y, colour: "#7F8790", faint: true, size: 18 })),
    ...front.map(([x, y, stability, label, ratio, seed]) => ({ x, y, colour: "#D55E00", size: 46,
      tip: `${label}\nratio ${ratio}${seed === null ? "" : `, seed ${seed}`}\n${human(x)} ${cost}\n${measured(y, measure)}, stability ${percent(stability)}` })),
  ];
  const figures = run.pareto.map((one) => figure({
    title: `Quality for its cost: ${one.cost}`,
    draw: (width) => dotChart({ width, height: 290, dots: dots(one), front: one.front.map(([x, y]) => [x, y]),
      x: { label: one.cost, format: human }, y: { label: described(measure) },
      legend: [{ label: "Pareto front", colour: "#D55E00", dash: "" }, { label: "other pruned models", colour: "#7F8790", area: true, shape: " " }] }),
    numbers: () => ({ columns: [one.cost, described(measure), "stability", "configuration", "ratio", "seed"],
      rows: one.front.map(([x, y, stability, label, ratio, seed]) => [human(x), measured(y, measure), percent(stability), label, String(ratio), seed ?? "–"]) }),
  }));
  return section("pareto", "Pareto fronts", () => {},
    h("p", { class: "note" }, "Each dot is one pruned model; on the line are those that no other beats: none costs as little and is as good. Chosen on the evaluation data, so optimistic.",
      run.pareto.some(({ cost }) => cost.startsWith("latency")) ? "" : " Latency was not measured: hies sweep --latency does."),
    h("div", { class: run.pareto.length > 2 ? "figures three" : "figures two" }, ...figures.map((one) => one.element)));
}

export function boundSection(context: Context): Section | null {
  const { run, state } = context, { bound } = run;
  if (bound.points.length === 0) return null;
  const withHeads = bound.points.some((point) => point[1] !== null);
  const both = () => withHeads && state.get("bound") === "both";
  const methods = [...new Set(bound.points.map((point) => point[4]))].filter((name) => shownSeries(run).some((series) => series.method === name));
  const dots = (): Dot[] => bound.points.flatMap(([first, second, increase, ratio, method]) => {
    const value = both() ? (second === null ? null : first + second) : first;
    return value === null || value <= 0 ? [] : [{ x: value, y: increase, colour: familyColour(method), opacity: 0.5, size: 26,
      tip: `${method}, ratio ${ratio}\nbound ${short(value)}\nincrease ${short(increase)}` }];
  });
  const one = figure({
    title: "Bound against measured loss increase",
    most: 1000,
    caption: `Of the loss ${bound.loss}. First order: Σ over removed heads of E|⟨∇L, A⟩| on the calibration examples; both orders: with (β/2)·E‖A‖² by heads. On the dashed line the increase on the evaluation data equals the bound; below it the bound holds.` +
      (bound.points.length < bound.records ? ` ${bound.points.length} of ${bound.records} records are drawn, evenly taken.` : ""),
    draw: (width) => dotChart({ width, height: 320, dots: dots(), diagonal: true, x: { label: both() ? "bound, both orders" : "bound, first order", log: true }, y: { label: "loss increase" },
      legend: methods.map((name) => ({ label: name, colour: familyColour(name), shape: "M-5,-5h10v10h-10z" })) }),
    numbers: () => ({ columns: ["method", "ratio", "bound", "increase"],
      rows: bound.points.slice(0, 300).map(([first, second, increase, ratio, method]) => [method, String(ratio), short(both() ? first + (second ?? 0) : first), short(increase)]) }),
  });
  return section("bound", "The bound", redraws(["bound"], () => [one]),
    withHeads ? h("div", { class: "controls" }, select(state, "bound", "Bound", [{ value: "", label: "first order" }, { value: "both", label: "both orders" }])) : null,
    h("div", { class: "figures" }, one.element));
}
