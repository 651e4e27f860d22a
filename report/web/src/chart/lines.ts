// Lines with spread: whiskers, or a band for what is drawn at random.
import { extent } from "d3-array";
import { scaleLinear, scaleLog } from "d3-scale";
import { area, line, symbol, symbolCircle, symbolCross, symbolDiamond, symbolSquare, symbolStar, symbolTriangle } from "d3-shape";
import { s } from "../dom.ts";
import { axes, frame, type FrameOptions, type Mark, type Scale } from "./frame.ts";

export interface LinePoint { x: number; y: number; sd: number | null; tip: string }

export interface Line { label: string; colour: string; dash?: string; shape?: number; band?: boolean; wide?: boolean; points: LinePoint[] }

const kSymbols = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolCross, symbolStar];
export const shapeOf = (index: number, size = 44): string => symbol(kSymbols[index % kSymbols.length], size)() ?? "";

export interface LinesOptions {
  width: number;
  height: number;
  x: FrameOptions["x"] & { log?: boolean };
  y: FrameOptions["y"] & { most?: number };
  lines: Line[];
  region?: { from: number; to: number; label: string } | null;
}

function markOf(one: Line): Mark {
  return { label: one.label, colour: one.colour, dash: one.dash ?? "", shape: one.band ? undefined : shapeOf(one.shape ?? 0), area: one.band };
}

function domain(values: number[], pad: number): [number, number] {
  const [least, most] = extent(values);
  if (least === undefined || most === undefined) return [0, 1];
  const room = (most - least || Math.abs(most) || 1) * pad;
  return [least - room, most + room];
}

export function lineChart(options: LinesOptions): SVGSVGElement {
  const frameOptions: FrameOptions = { ...options, legend: [...options.lines.map(markOf),
    ...(options.region ? [{ label: options.region.label, colour: "#B8860B", area: true, shape: " " }] : [])] };
  const made = frame(frameOptions);
  const points = options.lines.flatMap((one) => one.points);
  const xs = points.map((point) => point.x), ys = points.flatMap((point) => [point.y - (point.sd ?? 0), point.y + (point.sd ?? 0)]);
  const x: Scale = options.x.log ? scaleLog(domainLog(xs), [made.left, made.right]) : scaleLinear(domain(xs, 0.03), [made.left, made.right]);
  const [least, most] = domain(ys, 0.06);
  const nice = scaleLinear([least, most], [made.bottom, made.top]).nice();
  const y: Scale = options.y.most === undefined ? nice : nice.domain([nice.domain()[0]!, Math.min(nice.domain()[1]!, options.y.most)]);
  axes(made, frameOptions, x, y);
  if (options.region) drawRegion(made.plot, options.region, x, made.top, made.bottom);
  const dodge = Math.min(2.5, 24 / Math.max(1, options.lines.length));
  options.lines.forEach((one, i) => drawLine(made.plot, one, x, y, one.band ? 0 : (i - (options.lines.length - 1) / 2) * dodge));
  return made.svg;
}

function domainLog(values: number[]): [number, number] {
  const [least, most] = extent(values);
  return least === undefined || most === undefined ? [1, 10] : [least / 1.15, Math.max(most, least * 1.5) * 1.15];
}

function drawRegion(plot: SVGGElement, region: { from: number; to: number; label: string }, x: Scale, top: number, bottom: number): void {
  plot.append(s("rect", { class: "region", x: x(region.from), y: top, width: Math.max(0, x(region.to) - x(region.from)), height: bottom - top,
    fill: "#B8860B", "fill-opacity": 0.22, "data-tip": `${region.label}: ${region.from} to ${region.to}` }));
}

function drawLine(plot: SVGGElement, one: Line, x: Scale, y: Scale, shift: number): void {
  const points = [...one.points].sort((a, b) => a.x - b.x);
  const at = (point: LinePoint) => x(point.x) + shift;
  if (one.band) {
    const path = area<LinePoint>().x(at).y0((p) => y(p.y - (p.sd ?? 0))).y1((p) => y(p.y + (p.sd ?? 0)))(points);
    plot.append(s("path", { class: "band", d: path, fill: one.colour, "fill-opacity": 0.25 }));
  }
  plot.append(s("path", { class: "line", d: line<LinePoint>().x(at).y((p) => y(p.y))(points), fill: "none", stroke: one.colour,
    "stroke-width": one.wide ? 3 : 1.8, "stroke-dasharray": one.dash || null }));
  for (const point of points) {
    const px = at(point), py = y(point.y);
    if (!one.band && point.sd)
      plot.append(s("path", { class: "whisker", stroke: one.colour, "stroke-opacity": 0.6, fill: "none",
        d: `M${px - 3} ${y(point.y - point.sd)}h6M${px} ${y(point.y - point.sd)}V${y(point.y + point.sd)}M${px - 3} ${y(point.y + point.sd)}h6` }));
    const d = one.band ? shapeOf(0, 16) : shapeOf(one.shape ?? 0);
    plot.append(s("path", { class: "dot", d, transform: `translate(${px} ${py})`, fill: one.colour, "data-tip": point.tip }));
  }
}
