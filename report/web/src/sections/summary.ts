// What was measured, and what to do with it.
import { copyButton, select, slider } from "../controls.ts";
import { usualSeries } from "../data.ts";
import { h, type Child } from "../dom.ts";
import { fixed, human, kStability, measured, percent, spread } from "../format.ts";
import { operatingPoint, pruneCommand, type OperatingPoint } from "../operating_point.ts";
import { section, type Context, type Section } from "./section.ts";

const fact = (name: string, ...value: Child[]): HTMLElement => h("div", { class: "fact" }, h("dt", {}, name), h("dd", {}, ...value));

export const stabilityOf = (context: Context): number => context.state.number("stability", 50, 100);

export function recommended(context: Context, run = context.run): OperatingPoint | null {
  return operatingPoint(run, stabilityOf(context), run === context.run ? context.state.get("way") : "");
}

export function summarySection(context: Context): Section {
  const { run, state } = context;
  const answer = h("div", { class: "answer", "aria-live": "polite" });
  const ways = usualSeries(run).filter((series) => !series.drawn);
  const draw = () => answer.replaceChildren(...recommendation(context));
  draw();
  return section("summary", "Summary", (changed) => { if (changed.has("stability") || changed.has("way")) draw(); },
    h("dl", { class: "facts" },
      fact("Model", run.model.path),
      fact("Task", `${run.task}${run.quality ? ` (${run.quality.name})` : ""}`),
      fact("Evaluated on", run.data),
      fact("Unpruned", `${run.unpruned.heads} heads, ${human(run.unpruned.parameters)} parameters, ${human(run.unpruned.flops)} FLOPs per example`,
        run.quality ? `, ${run.quality.name} ${measured(run.unpruned.quality, run.quality)}` : ""),
      fact("Measured", `${run.records} records: ${usualSeries(run).length} configurations, ${run.options.seeds} calibration sets of ${run.options.examples} examples`)),
    ...run.notes.map((note) => h("p", { class: "warning" }, note)),
    h("h3", {}, "Recommended"),
    h("div", { class: "controls" },
      slider(state, "stability", "Answers that stay the same, at least", 50, 100, 0.5, (value) => `${fixed(value, 1)} %`),
      select(state, "way", "Configuration", [{ value: "", label: "the best of all" }, ...ways.map(({ label }) => ({ value: label, label }))])),
    answer);
}

function recommendation(context: Context): HTMLElement[] {
  const { run } = context, found = recommended(context);
  if (!found)
    return [h("p", { class: "none" }, `No measured ratio keeps ${fixed(stabilityOf(context), 1)} % of the answers. Lower the limit, or measure smaller ratios.`)];
  const { series, point } = found, latency = point.latency_ms;
  const command = pruneCommand(run, found);
  return [
    h("p", { class: "headline" }, h("strong", {}, `Remove ${percent(point.ratio, 0)} of the ${series.removes}`), ` by ${series.label}`),
    h("dl", { class: "facts" },
      fact("Same answers", spread(point.stability, kStability)),
      run.quality && fact(run.quality.name, `${spread(point.quality, run.quality)} (unpruned ${measured(run.unpruned.quality, run.quality)})`),
      fact("Parameters", `${human(point.parameters)} (−${percent(point.removed[1])})`),
      fact("FLOPs per example", `${human(point.flops)} (−${percent(point.removed[2])})`),
      fact("Latency", latency ? `${human(latency.median)} ms, ${fixed(latency.speedup, 2)}× as fast` : "not measured")),
    h("div", { class: "command" }, h("pre", { tabindex: "0", role: "region", "aria-label": "Command" }, h("code", {}, command)), copyButton("Copy", () => command)),
    h("p", { class: "note" }, `The ${run.mixed ? "ratio that removes the most FLOPs and" : "largest ratio"} up to which the mean stability over the seeds never falls below the limit; of several configurations that reach it, the one with the best mean quality. `,
      "Configurations and ratios are compared on the evaluation data, so their measurements are a little optimistic. The command uses the calibration set of seed 0."),
  ];
}
