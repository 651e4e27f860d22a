// Single examples: what heads look at, and what the model says with and without those that go.
import { patchMaps, tokenMap, type Weights } from "../chart/attention.ts";
import { histogram } from "../chart/points.ts";
import { select } from "../controls.ts";
import type { Answer, Example, Explanation, Report } from "../data.ts";
import { h } from "../dom.ts";
import { figure } from "../figure.ts";
import { fixed, short } from "../format.ts";
import { minMax } from "../plan.ts";
import type { State } from "../state.ts";
import { section, type Section } from "./section.ts";

function answerText(answer: Answer, labels: string[]): string {
  const shown = labels.length ? labels[answer.answer] ?? String(answer.answer) : fixed(answer.answer, 4);
  const logits = answer.logits.length <= 10 ? ` (logits ${answer.logits.map((logit) => fixed(logit, 3)).join(", ")})` : "";
  return `${shown}${logits}${answer.loss === null ? "" : `, loss ${short(answer.loss)}`}`;
}

const labelText = (label: number | null, labels: string[]): string => (label === null ? "none" : labels.length ? labels[label] ?? String(label) : short(label));

export function examplesSection(report: Report, state: State): Section | null {
  const all = report.explanations.filter((one) => one.examples.length > 0);
  if (all.length === 0) return null;
  const explanation = (): Explanation => all[Number(state.get("explanation")) || 0] ?? all[0]!;
  const example = (): Example => explanation().examples[Number(state.get("example")) || 0] ?? explanation().examples[0]!;
  const weights = (): Weights => (state.get("attention") === "mean" ? "mean" : "asked");
  const isImage = () => Boolean(example().image && example().grid);
  const facts = h("div"), choose = h("div", { class: "controls" });
  const map = figure({
    title: "What the heads look at",
    caption: "Head L.H is head H of layer L. ×: the plan removes it; ●: it stays. Chosen heads: those of the greatest HIS of this example, pruned and kept.",
    draw: (width) => (isImage() ? patchMaps(width, example(), weights()) : tokenMap(width, example(), weights())),
    numbers: () => ({ columns: ["head", "pruned", "HIS", "AE", ...example().tokens],
      rows: example().heads.map((head) => [`${head.layer}.${head.head}`, head.pruned ? "yes" : "no", short(head.his), short(head.entropy), ...head[weights()].map((weight) => fixed(weight, 4))]) }),
  });
  const spreadOf = figure({
    title: "HIS and AE of this example",
    caption: "All heads of the model, both by min–max.",
    most: 640,
    draw: (width) => histogram(width, 240, "normalised score", [{ label: "HIS", colour: "#0072B2", values: minMax(example().his, false).flat() },
      { label: "AE", colour: "#D55E00", values: minMax(example().entropy, false).flat() }]),
  });
  const draw = () => {
    const { labels, plan, data, task, model, loss } = explanation(), one = example();
    facts.replaceChildren(
      h("p", { class: "tokens" }, ...one.tokens.map((token) => h("span", { class: "token" }, token.replaceAll("▁", " ").replaceAll("Ġ", " ")))),
      h("dl", { class: "facts" },
        fact("Model and task", `${model.path}, ${task}`), fact("Row", `${one.row} of ${data.file}`), fact("Label", labelText(one.label, labels)),
        fact("Unpruned model says", answerText(one.before, labels)),
        fact("Pruned model says", one.after ? answerText(one.after, labels) : "no plan was given"), fact("Plan", plan?.file ?? "none"), fact("Loss of HIS", loss)));
    map.redraw();
    spreadOf.redraw();
  };
  const drawChoices = () => choose.replaceChildren(
    ...(all.length > 1 ? [select(state, "explanation", "Explanation", all.map((one, i) => ({ value: String(i || ""), label: `${one.task}: ${one.data.file}, ${one.pick}` })))] : []),
    select(state, "example", "Example", explanation().examples.map((one, i) => ({ value: String(i || ""), label: `row ${one.row}: ${one.tokens.slice(0, 8).join(" ")}…` }))),
    select(state, "attention", "Weights of", [{ value: "", label: "the queries that decide" }, { value: "mean", label: "all queries, mean" }]));
  drawChoices();
  draw();
  return section("examples", "Examples", (changed) => {
    if (changed.has("explanation")) drawChoices();
    if (changed.has("explanation") || changed.has("example") || changed.has("attention")) draw();
  }, choose, facts, h("div", { class: "figures" }, map.element, spreadOf.element));
}

const fact = (name: string, value: string): HTMLElement => h("div", { class: "fact" }, h("dt", {}, name), h("dd", {}, value));
