// Scatter plots, step lines of a front, histograms.
import { bin, extent, max } from "d3-array";
import { scaleLinear, scaleLog } from "d3-scale";
import { s } from "../dom.ts";
import { axes, frame, type FrameOptions, type Mark, type Scale } from "./frame.ts";
import { shapeOf } from "./lines.ts";

export interface Dot { x: number; y: number; colour: string; shape?: number; size?: number; tip?: string; faint?: boolean; opacity?: number }

export interface DotsOptions {
  width: number;
  height: number;
  x: FrameOptions["x"] & { log?: boolean };
  y: FrameOptions["y"] & { log?: boolean };
  dots: Dot[];
  legend?: Mark[];
  shades?: string;
  front?: [number, number][];  // joined by steps, ascending in x
  diagonal?: boolean;          // y = x
}

function scale(values: number[], range: [number, number], log = false): Scale {
  const [least = 0, most = 1] = extent(values);
  if (log) return scaleLog([least / 1.2, most * 1.2], range);
  const room = (most - least || Math.abs(most) || 1) * 0.04;
  return scaleLinear([least - room, most + room], range);
}

export function dotChart(options: DotsOptions): SVGSVGElement {
  const made = frame(options);
  const x = scale(options.dots.map((dot) => dot.x), [made.left, made.right], options.x.log);
  const y = scale(options.dots.map((dot) => dot.y), [made.bottom, made.top], options.y.log);
  const xTicks = options.x.log ? spaced(x.ticks(4), x, 75) : undefined;
  axes(made, { ...options, x: { ...options.x, ticks: xTicks } }, x, y);
  const clip = s("g");
  made.plot.append(clip);
  if (options.diagonal) {
    const least = Math.max(inverse(x, made.left), inverse(y, made.bottom)), most = Math.min(inverse(x, made.right), inverse(y, made.top));
    if (least < most) {
      const steps = Array.from({ length: 41 }, (_, i) => least + ((most - least) * i) / 40);
      clip.append(s("path", { class: "diagonal", fill: "none", d: `M${steps.map((v) => `${x(v)},${y(v)}`).join("L")}` }));
    }
  }
  for (const dot of options.dots)
    clip.append(s("path", { class: "dot", d: shapeOf(dot.shape ?? 0, dot.size ?? 40), transform: `translate(${x(dot.x)} ${y(dot.y)})`,
      fill: dot.colour, "fill-opacity": dot.opacity ?? (dot.faint ? 0.25 : 0.85), "data-tip": dot.tip ?? null }));
  if (options.front?.length) {
    const d = options.front.map(([px, py], i) => (i === 0 ? `M${x(px)} ${y(py)}` : `H${x(px)}V${y(py)}`)).join("");
    clip.append(s("path", { class: "front", d, fill: "none", stroke: "#D55E00", "stroke-width": 2 }));
  }
  return made.svg;
}

// Ticks that stand at least `room` px apart.
function spaced(ticks: number[], of: Scale, room: number): number[] {
  const kept: number[] = [];
  for (const tick of ticks) if (kept.length === 0 || Math.abs(of(tick) - of(kept[kept.length - 1]!)) >= room) kept.push(tick);
  return kept;
}

const inverse = (of: Scale, at: number): number => (of as unknown as { invert(at: number): number }).invert(at);

export interface Histogram { label: string; colour: string; values: number[] }

// Values 0 … 1 in 20 bins, one outline each.
export function histogram(width: number, height: number, xLabel: string, all: Histogram[]): SVGSVGElement {
  const options: FrameOptions = { width, height, x: { label: xLabel }, y: { label: "heads" },
    legend: all.map((one) => ({ label: one.label, colour: one.colour, area: true, dash: "" })) };
  const made = frame(options);
  const bins = all.map((one) => bin().domain([0, 1]).thresholds(Array.from({ length: 19 }, (_, i) => (i + 1) / 20))(one.values));
  const x = scaleLinear([0, 1], [made.left, made.right]);
  const y = scaleLinear([0, max(bins.flat(), (one) => one.length) ?? 1], [made.bottom, made.top]).nice();
  axes(made, options, x, y);
  all.forEach((one, i) => {
    let d = `M${made.left} ${made.bottom}`;
    for (const of of bins[i]!) d += `L${x(of.x0!)} ${y(of.length)}L${x(of.x1!)} ${y(of.length)}`;
    made.plot.append(s("path", { d: `${d}L${made.right} ${made.bottom}Z`, fill: one.colour, "fill-opacity": 0.25, stroke: one.colour, "stroke-width": 2 }));
    for (const of of bins[i]!)
      made.plot.append(s("rect", { x: x(of.x0!), y: made.top, width: x(of.x1!) - x(of.x0!), height: made.bottom - made.top, "fill-opacity": 0, fill: one.colour,
        "data-tip": all.map((other, k) => `${other.label}: ${bins[k]!.find((b) => b.x0 === of.x0)?.length ?? 0} heads`).join("\n") + `\n${of.x0} to ${of.x1}` }));
  });
  return made.svg;
}
