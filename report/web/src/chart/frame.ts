// Axes, labels and a legend around a plot.
import { s } from "../dom.ts";
import { amount } from "../colour.ts";
import { short } from "../format.ts";

export interface Scale {
  (value: number): number;
  ticks(count?: number): number[];
}

export interface Mark { label: string; colour: string; dash?: string; shape?: string; area?: boolean }

export interface FrameOptions {
  width: number;
  height: number;
  x: { label: string; format?: (value: number) => string; ticks?: number[] };
  y: { label: string; format?: (value: number) => string };
  legend?: Mark[];
  shades?: string;  // what the shades from 0 to 1 are of
}

// A legend of shades, `width` px wide, with its two ends.
export function shadeBar(x: number, y: number, width: number, least: string, most: string): SVGGElement {
  const steps = 24, g = s("g", { class: "legend", transform: `translate(${x} ${y})` });
  for (let i = 0; i < steps; ++i) g.append(s("rect", { x: (i * width) / steps, y: 0, width: width / steps + 0.5, height: 10, fill: amount(i / (steps - 1)) }));
  g.append(s("text", { x: 0, y: 23 }, least), s("text", { x: width, y: 23, "text-anchor": "end" }, most));
  return g;
}

const kCharacter = 6.6, kLine = 18, kSample = 30;

interface Placed { mark: Mark; lines: string[]; x: number; y: number }

// Breaks a label after commas, so that each line has at most `room` characters where that can be.
function broken(label: string, room: number): string[] {
  const lines: string[] = [];
  for (const part of label.split(/(?<=, )/)) {
    const last = lines[lines.length - 1];
    if (last !== undefined && (last + part).trimEnd().length <= room) lines[lines.length - 1] = last + part;
    else lines.push(part);
  }
  return lines.map((line) => line.trimEnd());
}

function placeLegend(marks: Mark[], width: number): { placed: Placed[]; height: number } {
  const placed: Placed[] = [];
  let x = 0, y = 0, deep = 1;  // lines of the row
  for (const mark of marks) {
    const lines = broken(mark.label, Math.floor((width - kSample) / kCharacter));
    const size = kSample + Math.max(...lines.map((line) => line.length)) * kCharacter + 14;
    if (x > 0 && x + size > width) {
      x = 0;
      y += deep * kLine;
      deep = 1;
    }
    placed.push({ mark, lines, x, y });
    deep = Math.max(deep, lines.length);
    x += size;
  }
  return { placed, height: marks.length ? y + deep * kLine + 6 : 0 };
}

function sample({ mark, lines, x, y }: Placed): SVGElement {
  const g = s("g", { transform: `translate(${x} ${y + 9})` });
  if (mark.area) g.append(s("rect", { x: 0, y: -6, width: 22, height: 12, fill: mark.colour, "fill-opacity": 0.25 }));
  if (mark.dash !== undefined || !mark.shape) g.append(s("line", { x1: 0, x2: 22, stroke: mark.colour, "stroke-width": 2, "stroke-dasharray": mark.dash || null }));
  if (mark.shape) g.append(s("path", { d: mark.shape, transform: "translate(11 0)", fill: mark.colour }));
  lines.forEach((line, i) => g.append(s("text", { x: kSample - 3, y: 4 + i * kLine }, line)));
  return g;
}

export interface Frame {
  svg: SVGSVGElement;
  plot: SVGGElement;   // marks go here, in the coordinates of the image
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export function frame(options: FrameOptions): Frame {
  const { width } = options;
  const left = 58, right = width - 14;
  const legend = placeLegend(options.legend ?? [], right - 8);
  const top = legend.height + (options.shades ? 30 : 0) + 24, bottom = top + options.height - 24;
  const height = bottom + 44;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height });
  const key = s("g", { class: "legend", transform: "translate(8 2)" }, ...legend.placed.map(sample));
  const plot = s("g");
  svg.append(key, plot);
  if (options.shades) {
    const bar = shadeBar(8, legend.height + 2, 120, "0", "1");
    bar.append(s("text", { x: 130, y: 9 }, options.shades));
    svg.append(bar);
  }
  return { svg, plot, left, right, top, bottom };
}

// Every n-th, so that no more than `room` are left.
function thinned(ticks: number[], room: number): number[] {
  const step = Math.ceil(ticks.length / room);
  return ticks.filter((_, i) => i % step === 0);
}

// Draws axes for scales whose ranges are [left, right] and [bottom, top].
export function axes(made: Frame, options: FrameOptions, x: Scale, y: Scale): void {
  const { svg, left, right, top, bottom } = made;
  const fx = options.x.format ?? short, fy = options.y.format ?? short;
  const g = s("g", { class: "axes" });
  const room = Math.max(2, Math.floor((right - left) / 75));
  const given = options.x.ticks?.filter((value) => x(value) >= left && x(value) <= right);
  for (const value of given ? thinned(given, room) : x.ticks(room)) {
    const at = x(value);
    g.append(s("line", { x1: at, x2: at, y1: bottom, y2: bottom + 5 }), s("text", { x: at, y: bottom + 18, "text-anchor": "middle" }, fx(value)));
  }
  for (const value of y.ticks(Math.max(2, Math.floor((bottom - top) / 45)))) {
    const at = y(value);
    g.append(s("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }), s("text", { x: left - 7, y: at + 4, "text-anchor": "end" }, fy(value)));
  }
  g.append(s("line", { x1: left, x2: right, y1: bottom, y2: bottom }),
    s("text", { class: "title", x: (left + right) / 2, y: bottom + 37, "text-anchor": "middle" }, options.x.label),
    s("text", { class: "title", x: 8, y: top - 10 }, options.y.label));
  svg.insertBefore(g, made.plot);
}
