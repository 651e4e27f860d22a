// A map of heads: layers down, original head indices across; groups that share keys and values stand together.
import { amount, kBothRemoved, kOtherRemoved, kRemoved } from "../colour.ts";
import type { HeadTable, Layout } from "../data.ts";
import { s } from "../dom.ts";
import { short } from "../format.ts";
import { shadeBar } from "./frame.ts";
import { kvOf } from "../plan.ts";

export interface HeadsOptions {
  width: number;
  layout: Layout;
  values?: HeadTable;                                  // shades
  range?: [least: number, most: number];               // of the shades; else that of the values
  pruned?: Map<number, number[]>;                      // crossed out
  kinds?: (layer: number, head: number) => Kind | null;  // instead of shades
  tip: (layer: number, head: number) => string;
  neurons?: number[];                                  // shares of the layers' neurons: a bar beside each layer
  cursor?: { layer: number; head: number } | null;
}

export type Kind = "only first" | "only second" | "both" | "kept";

const kKinds: Record<Kind, { colour: string; label: string }> = {
  "only first": { colour: kOtherRemoved, label: "only by HIS" },
  "only second": { colour: kRemoved, label: "only by HIES" },
  both: { colour: kBothRemoved, label: "by both" },
  kept: { colour: "#C9CED6", label: "kept by both" },
};

const kLeft = 34, kTop = 36, kGroupGap = 5, kBar = 92;

export function headMap(options: HeadsOptions): SVGSVGElement {
  const { layout, width } = options;
  const columns = Math.max(...layout.layers.map((layer) => layer.original_heads), 1);
  const widest = layout.layers.find((layer) => layer.original_heads === columns)!;
  const grouped = widest.original_kv_heads < widest.original_heads;
  const gaps = grouped ? (widest.original_kv_heads - 1) * kGroupGap : 0;
  const bar = options.neurons ? kBar : 0;
  const cell = Math.max(4, Math.min(34, (width - kLeft - 8 - gaps - bar) / columns));
  const gap = cell > 10 ? 2 : 1;
  const xOf = (layer: number, head: number) => kLeft + head * cell + (grouped ? kvOf(layout.layers[layer]!, head) * kGroupGap : 0);
  const top = kTop + (grouped ? 14 : 0);
  const bottom = top + layout.layers.length * cell;
  const legendLines = options.kinds ? (width < 330 ? 4 : 2) : 1;
  const height = bottom + 30 + legendLines * 16 + (options.pruned && !options.kinds ? 6 : 0);
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "heads" });
  const range = options.range ? options.range : options.values ? extentOf(options.values) : [0, 1];

  svg.append(s("text", { class: "title", x: 0, y: 12 }, "layer ↓  head →"));
  if (grouped)
    for (let kv = 0; kv < widest.original_kv_heads; ++kv) {
      const heads = Array.from({ length: columns }, (_, head) => head).filter((head) => kvOf(widest, head) === kv);
      const x0 = kLeft + heads[0]! * cell + kv * kGroupGap, x1 = kLeft + (heads[heads.length - 1]! + 1) * cell + kv * kGroupGap - gap;
      svg.append(s("path", { class: "bracket", fill: "none", d: `M${x0} ${top - 3}v-4H${x1}v4`, "data-tip": `KV head ${kv}` }));
    }
  const every = Math.ceil(22 / cell);
  for (let head = 0; head < columns; head += every)
    svg.append(s("text", { x: xOf(layout.layers.indexOf(widest), head) + (cell - gap) / 2, y: top - (grouped ? 10 : 6), "text-anchor": "middle" }, head));
  layout.layers.forEach((layer, index) => {
    const y = top + index * cell;
    if (index % Math.ceil(14 / cell) === 0) svg.append(s("text", { x: kLeft - 6, y: y + cell / 2 + 4, "text-anchor": "end" }, index));
    for (let head = 0; head < layer.original_heads; ++head) {
      const place = layer.heads.indexOf(head), x = xOf(index, head);
      const box = { x, y, width: cell - gap, height: cell - gap, rx: Math.min(3, cell / 6) };
      if (place < 0 || layer.dead.includes(head)) {
        svg.append(s("rect", { ...box, class: "absent", "data-tip": `layer ${index}, head ${head}: not there` }));
        continue;
      }
      const gone = options.pruned?.get(index)?.includes(head) ?? false;
      const kind = options.kinds?.(index, head) ?? null;
      const colour = kind ? kKinds[kind].colour : amount(share(options.values?.[index]?.[place] ?? 0, range));
      svg.append(s("rect", { ...box, fill: colour, "fill-opacity": gone && !kind ? 0.4 : 1, "data-tip": options.tip(index, head),
        "data-cell": `${index}:${head}`, "data-gone": gone || null }));
      if (gone && !kind) svg.append(cross(x, y, cell - gap));
    }
  });
  if (options.neurons) svg.append(...neuronBars(options.neurons, kLeft + columns * cell + gaps + 14, top, cell, gap));
  if (options.cursor) {
    const { layer, head } = options.cursor;
    svg.append(s("rect", { class: "cursor", x: xOf(layer, head) - 1.5, y: top + layer * cell - 1.5, width: cell - gap + 3, height: cell - gap + 3, fill: "none", rx: 3 }));
  }
  svg.append(options.kinds ? kindLegend(bottom + 12, width, legendLines) : shadeLegend(bottom + 12, range, options.pruned !== undefined));
  return svg;
}

// One bar a layer: filled as far as neurons are left.
function neuronBars(left: number[], x: number, top: number, cell: number, gap: number): SVGElement[] {
  const room = kBar - 22;
  return [s("text", { x, y: top - 6 }, "neurons"), ...left.map((part, layer) => {
    const y = top + layer * cell, tip = `layer ${layer}: ${(100 * part).toFixed(1)} % of the neurons are left`;
    return s("g", { class: "neurons", "data-tip": tip, "data-neurons": `${layer}:${part}` },
      s("rect", { x, y, width: room, height: cell - gap, fill: "#C9CED6", "fill-opacity": 0.55, rx: 2, "data-tip": tip }),
      s("rect", { x, y, width: room * part, height: cell - gap, fill: "#009E73", rx: 2, "data-tip": tip }));
  })];
}

const share = (value: number, [least, most]: number[]): number => (most! > least! ? (value - least!) / (most! - least!) : 0.5);

function extentOf(table: HeadTable): [number, number] {
  const all = table.flat();
  return [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), -Infinity)];
}

function cross(x: number, y: number, size: number): SVGElement {
  const inset = size * 0.25;
  return s("path", { class: "cross", fill: "none", "stroke-width": Math.max(1, size / 9),
    d: `M${x + inset} ${y + inset}L${x + size - inset} ${y + size - inset}M${x + size - inset} ${y + inset}L${x + inset} ${y + size - inset}` });
}

function shadeLegend(y: number, [least, most]: number[], withPruned: boolean): SVGElement {
  const bar = 130, g = shadeBar(kLeft, y, bar, short(least!), short(most!));
  if (withPruned)
    g.append(s("rect", { x: bar + 18, y: -1, width: 14, height: 14, rx: 2, fill: "#7c8084", "fill-opacity": 0.4 }), cross(bar + 18, -1, 14),
      s("text", { x: bar + 38, y: 10 }, "pruned"));
  return g;
}

function kindLegend(y: number, width: number, lines: number): SVGElement {
  const g = s("g", { class: "legend", transform: `translate(${kLeft} ${y})` });
  const perLine = lines === 4 ? 1 : 2, room = (width - kLeft) / perLine;
  (Object.keys(kKinds) as Kind[]).forEach((kind, i) => {
    const x = (i % perLine) * Math.min(room, 150), line = Math.floor(i / perLine) * 16;
    g.append(s("rect", { x, y: line - 1, width: 12, height: 12, rx: 2, fill: kKinds[kind].colour }), s("text", { x: x + 18, y: line + 10 }, kKinds[kind].label));
  });
  return g;
}
