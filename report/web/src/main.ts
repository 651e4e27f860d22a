import { button, select } from "./controls.ts";
import type { Report, Run } from "./data.ts";
import { h } from "./dom.ts";
import { boundSection, paretoSection } from "./sections/costs.ts";
import { compareSection } from "./sections/compare.ts";
import { curvesSection } from "./sections/curves.ts";
import { examplesSection } from "./sections/examples.ts";
import { alphaSection, calibrationSection } from "./sections/grids.ts";
import { frontsSection, refitSection } from "./sections/refits.ts";
import { mapsSection } from "./sections/maps.ts";
import { scatterSection } from "./sections/scatter.ts";
import type { Section } from "./sections/section.ts";
import { summarySection } from "./sections/summary.ts";
import { tablesSection } from "./sections/tables.ts";
import { State } from "./state.ts";
import { installTips } from "./tip.ts";

const report = JSON.parse(document.getElementById("report-data")!.textContent!) as Report;
const state = new State({ stability: "95", alpha: "0.7", ratio: "0.3", yaw: "-35", pitch: "20" });
const page = document.getElementById("page")!;
const main = h("main"), nav = h("nav", { "aria-label": "Parts of the page" });
let sections: Section[] = [];

const chosenRun = (): Run | undefined => report.runs.find((run) => run.key === state.get("run")) ?? report.runs[0];

function showTheme(): void {
  const theme = state.get("theme");
  if (theme) document.documentElement.setAttribute("data-theme", theme);
  else document.documentElement.removeAttribute("data-theme");
}

function nextTheme(): void {
  const dark = state.get("theme") ? state.get("theme") === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  state.set("theme", dark ? "light" : "dark");
}

let lasting = 0;  // listeners that outlive a run's sections

function build(): void {
  state.forgetAfter(lasting);
  const run = chosenRun();
  const made = run ? [summarySection, mapsSection, curvesSection, alphaSection, calibrationSection, frontsSection, refitSection, paretoSection, scatterSection, boundSection, tablesSection, compareSection]
    .map((make) => make({ report, state, run })) : [];
  sections = [...made, examplesSection(report, state)].filter((one): one is Section => one !== null);
  main.replaceChildren(...sections.map((one) => one.element));
  nav.replaceChildren(...sections.map((one) => button(one.title, () => {
    one.element.scrollIntoView();
    one.element.querySelector<HTMLElement>("h2")!.focus({ preventScroll: true });
  })));
  document.title = run ? `hies report: ${run.key}` : "hies report";
}

page.append(
  h("header", {}, h("h1", {}, "hies report"),
    h("div", { class: "controls" },
      report.runs.length > 1 ? select(state, "run", "Run", report.runs.map((run, i) => ({ value: i === 0 ? "" : run.key, label: run.key }))) : null,
      button("Light or dark", nextTheme))),
  nav, main,
  h("footer", {}, `Made by hies ${report.hies}. This page needs no network; its address holds the view.`));
showTheme();
state.onChange((changed) => {
  if (changed.has("theme")) showTheme();
  if (changed.has("run")) build();
  else for (const one of sections) one.update(changed);
});
lasting = state.listenerCount;
build();
installTips(page);
