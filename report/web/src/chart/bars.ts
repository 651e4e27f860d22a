// Bars side by side, one group for each layer.
import { scaleLinear } from "d3-scale";
import { s } from "../dom.ts";
import { axes, frame, type FrameOptions } from "./frame.ts";

export interface Bar { group: number; kind: number; value: number; tip: string }

export interface BarsOptions {
  width: number;
  height: number;
  x: { label: string };
  y: { label: string; most: number };
  kinds: { label: string; colour: string }[];
  bars: Bar[];
}

export function barChart(options: BarsOptions): SVGSVGElement {
  const frameOptions: FrameOptions = { width: options.width, height: options.height, y: { label: options.y.label },
    x: { label: options.x.label, format: String, ticks: [...new Set(options.bars.map((bar) => bar.group))] },
    legend: options.kinds.map(({ label, colour }) => ({ label, colour, area: true, dash: "" })) };
  const made = frame(frameOptions);
  const groups = Math.max(1, ...options.bars.map((bar) => bar.group + 1));
  const x = scaleLinear([-0.5, groups - 0.5], [made.left, made.right]);
  const y = scaleLinear([Math.min(0, ...options.bars.map((bar) => bar.value)), options.y.most], [made.bottom, made.top]);
  axes(made, frameOptions, x, y);
  const size = Math.min(26, ((made.right - made.left) / groups) * 0.8 / options.kinds.length);
  for (const bar of options.bars) {
    const from = x(bar.group) + (bar.kind - options.kinds.length / 2) * size, top = Math.min(y(0), y(bar.value));
    made.plot.append(s("rect", { class: "bar", x: from + 0.5, y: top, width: Math.max(1, size - 1), height: Math.max(0.5, Math.abs(y(bar.value) - y(0))),
      fill: options.kinds[bar.kind]!.colour, "data-tip": bar.tip }));
  }
  return made.svg;
}
