// Axes, labels and a legend around a plot.
import { s } from "../dom.ts";
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
}

const kCharacter = 6.6, kLine = 18, kSample = 30;

interface Placed { mark: Mark; x: number; y: number }

function placeLegend(marks: Mark[], width: number): { placed: Placed[]; height: number } {
  const placed: Placed[] = [];
  let x = 0, y = 0;
  for (const mark of marks) {
    const size = kSample + mark.label.length * kCharacter + 14;
    if (x > 0 && x + size > width) {
      x = 0;
      y += kLine;
    }
    placed.push({ mark, x, y });
    x += size;
  }
  return { placed, height: marks.length ? y + kLine + 6 : 0 };
}

function sample({ mark, x, y }: Placed): SVGElement {
  const g = s("g", { transform: `translate(${x} ${y + 9})` });
  if (mark.area) g.append(s("rect", { x: 0, y: -6, width: 22, height: 12, fill: mark.colour, "fill-opacity": 0.25 }));
  if (mark.dash !== undefined || !mark.shape) g.append(s("line", { x1: 0, x2: 22, stroke: mark.colour, "stroke-width": 2, "stroke-dasharray": mark.dash || null }));
  if (mark.shape) g.append(s("path", { d: mark.shape, transform: "translate(11 0)", fill: mark.colour }));
  g.append(s("text", { x: kSample - 3, y: 4 }, mark.label));
  return g;
}

export interface Frame {
  svg: SVGSVGElement;
  plot: SVGGElement;   // marks go here, in the coordinates of the picture
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export function frame(options: FrameOptions): Frame {
  const { width } = options;
  const left = 58, right = width - 14;
  const legend = placeLegend(options.legend ?? [], right - 8);
  const top = legend.height + 24, bottom = top + options.height - 24;
  const height = bottom + 44;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height });
  const key = s("g", { class: "legend", transform: "translate(8 2)" }, ...legend.placed.map(sample));
  const plot = s("g");
  svg.append(key, plot);
  return { svg, plot, left, right, top, bottom };
}

// Draws axes for scales whose ranges are [left, right] and [bottom, top].
export function axes(made: Frame, options: FrameOptions, x: Scale, y: Scale): void {
  const { svg, left, right, top, bottom } = made;
  const fx = options.x.format ?? short, fy = options.y.format ?? short;
  const g = s("g", { class: "axes" });
  const room = Math.max(2, Math.floor((right - left) / 70));
  for (const value of options.x.ticks ?? x.ticks(room)) {
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
