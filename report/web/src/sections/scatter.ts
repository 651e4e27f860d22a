// What HIS and AE have in common, head by head.
import { dotChart, histogram } from "../chart/points.ts";
import { spaceView, type SpacePoint } from "../chart/space.ts";
import { amount } from "../colour.ts";
import { slider } from "../controls.ts";
import { h } from "../dom.ts";
import { figure } from "../figure.ts";
import { fixed, short } from "../format.ts";
import { mix, plan, rankedUnits } from "../plan.ts";
import { orthogonality } from "../stats.ts";
import { chosenScores, normalised } from "./maps.ts";
import { section, type Context, type Section } from "./section.ts";

interface HeadPoint { layer: number; head: number; his: number; ae: number; hies: number; pruned: boolean }

function headPoints(context: Context): HeadPoint[] {
  const { run, state } = context, layout = run.layout!, scores = chosenScores(context);
  const alpha = state.number("alpha", 0, 1), his = normalised(scores.his), ae = normalised(scores.ae), hies = mix(scores.his, scores.ae, alpha, false);
  const gone = plan(rankedUnits(layout, run.options, scores.his, scores.ae, "hies", alpha), layout, run.options, state.number("ratio", 0, 1));
  return layout.layers.flatMap((layer, index) => layer.heads.map((head, i) => ({ layer: index, head, his: his[index]![i]!, ae: ae[index]![i]!, hies: hies[index]![i]!,
    pruned: gone.get(index)?.includes(head) ?? false })));
}

const tipOf = (point: HeadPoint): string =>
  `layer ${point.layer}, head ${point.head}${point.pruned ? " (pruned)" : ""}\nHIS ${short(point.his)}, AE ${short(point.ae)}, HIES ${short(point.hies)}`;

export function scatterSection(context: Context): Section | null {
  const { run, state } = context;
  if (!run.layout || run.scores.length === 0) return null;
  let points = headPoints(context);
  const figures = [
    figure({
      title: "HIS × AE × HIES",
      caption: "Both by min–max over all heads; heads that go at the ratio above are pale.",
      draw: (width) => dotChart({ width, height: 300, x: { label: "HIS" }, y: { label: "AE" }, shades: "HIES",
        dots: points.map((point) => ({ x: point.his, y: point.ae, colour: amount(point.hies), opacity: point.pruned ? 0.35 : 1, size: 50, tip: tipOf(point) })) }),
      numbers: () => ({ columns: ["layer", "head", "HIS", "AE", "HIES"], rows: points.map((one) => [one.layer, one.head, short(one.his), short(one.ae), short(one.hies)]) }),
    }),
    figure({
      title: "The same in three dimensions",
      caption: "Drag it, or use the sliders below. Filled: kept; hollow: pruned at the ratio above.",
      draw: (width) => spaceView(width, points.map((point): SpacePoint => ({ x: point.his, y: point.ae, z: point.hies, hollow: point.pruned, tip: tipOf(point) })), ["HIS", "AE", "HIES"],
        state.number("yaw", -180, 180) * Math.PI / 180, state.number("pitch", -90, 90) * Math.PI / 180),
    }),
    figure({
      title: "Distributions of HIS and AE",
      caption: "Both by min–max over all heads.",
      draw: (width) => histogram(width, 300, "normalised score", [{ label: "HIS", colour: "#0072B2", values: points.map((one) => one.his) }, { label: "AE", colour: "#D55E00", values: points.map((one) => one.ae) }]),
      numbers: () => ({ columns: ["bin from", "HIS: heads", "AE: heads"], rows: Array.from({ length: 20 }, (_, i) => {
        const inside = (value: number) => Math.min(19, Math.floor(value * 20)) === i;
        return [fixed(i / 20, 2), points.filter((one) => inside(one.his)).length, points.filter((one) => inside(one.ae)).length];
      }) }),
    }),
  ];
  turnable(figures[1]!.element, context);
  const said = h("p", { class: "said" });
  const say = () => {
    const scores = chosenScores(context), of = orthogonality(scores.his, scores.ae);
    said.textContent = `Pearson's correlation ${fixed(of.pearson, 3)}; mean HIS ${short(of.hisMean)}, mean AE ${short(of.aeMean)}, covariance ${of.covariance.toExponential(2)}, inner product ${short(of.inner)} ` +
      "(HIS with the sum 1, AE by min–max).";
  };
  say();
  return section("scatter", "HIS × AE × HIES", (changed) => {
    const scores = ["alpha", "ratio", "scores"].some((key) => changed.has(key as "alpha"));
    if (scores) points = headPoints(context);
    if (changed.has("scores")) say();
    if (scores) for (const one of figures) one.redraw();
    else if (changed.has("yaw") || changed.has("pitch")) figures[1]!.redraw();
  }, said, h("div", { class: "figures three" }, ...figures.map((one) => one.element)),
    h("div", { class: "controls" },
      slider(state, "yaw", "Turn", -180, 180, 1, (value) => `${value}°`),
      slider(state, "pitch", "Tilt", -90, 90, 1, (value) => `${value}°`)));
}

function turnable(element: HTMLElement, { state }: Context): void {
  const place = element.querySelector<HTMLElement>(".drawing")!;
  place.classList.add("turns");
  let from: { x: number; y: number; yaw: number; pitch: number } | null = null;
  place.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX, y: event.clientY, yaw: state.number("yaw", -180, 180), pitch: state.number("pitch", -90, 90) };
    place.setPointerCapture(event.pointerId);
  });
  place.addEventListener("pointermove", (event) => {
    if (!from) return;
    const yaw = from.yaw + (event.clientX - from.x) * 0.5, pitch = from.pitch + (event.clientY - from.y) * 0.5;
    state.set("yaw", String(Math.round(((yaw + 540) % 360) - 180)));
    state.set("pitch", String(Math.round(Math.max(-90, Math.min(90, pitch)))));
  });
  for (const end of ["pointerup", "pointercancel"]) place.addEventListener(end, () => { from = null; });
}
