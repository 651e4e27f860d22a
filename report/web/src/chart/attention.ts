// What heads look at: one row for each head, one column for each token; of an image one small map for each head.
import { amount } from "../colour.ts";
import type { Example, ExampleHead } from "../data.ts";
import { s } from "../dom.ts";
import { percent, short } from "../format.ts";
import { shadeBar } from "./frame.ts";

export type Weights = "asked" | "mean";

const nameOf = (head: ExampleHead): string => `${head.layer}.${head.head}`;
const shownToken = (token: string): string => token.replaceAll("▁", " ").replaceAll("Ġ", " ").replaceAll("\n", "⏎").trim() || "␣";

function tipOf(head: ExampleHead, place: string, weight: number): string {
  return `layer ${head.layer}, head ${head.head}${head.pruned ? " (pruned)" : ""}\n${place}: ${percent(weight, 2)}\nHIS ${short(head.his)}, AE ${short(head.entropy)}`;
}

export function tokenMap(width: number, example: Example, weights: Weights): SVGSVGElement {
  const tokens = example.tokens.map(shownToken);
  const longest = Math.min(14, tokens.reduce((most, token) => Math.max(most, [...token].length), 1));
  const top = longest * 6.2 + 14, left = 74;
  const cell = Math.max(14, Math.min(26, (width - left - 30) / tokens.length)), row = 15;
  const full = Math.max(width, left + tokens.length * cell + 30);
  const bottom = top + example.heads.length * row;
  const height = bottom + 42;
  const svg = s("svg", { viewBox: `0 0 ${full} ${height}`, width: full, height, class: "attention" });
  tokens.forEach((token, i) => {
    const text = [...token].length > 14 ? [...token].slice(0, 13).join("") + "…" : token;
    const x = left + i * cell + cell / 2 + 4;
    svg.append(s("text", { transform: `translate(${x} ${top - 6}) rotate(-60)` }, text));
  });
  const most = example.heads.reduce((greatest, head) => head[weights].reduce((a, b) => Math.max(a, b), greatest), 0) || 1;
  example.heads.forEach((head, i) => {
    const y = top + i * row;
    if (i > 0 && head.pruned !== example.heads[i - 1]!.pruned) svg.append(s("line", { class: "axis", x1: 0, x2: left + tokens.length * cell, y1: y - 1, y2: y - 1 }));
    svg.append(s("text", { x: left - 8, y: y + 11, "text-anchor": "end", class: head.pruned ? "gone" : "stays" }, `${head.pruned ? "×" : "●"} ${nameOf(head)}`));
    head[weights].forEach((weight, token) => svg.append(s("rect", { x: left + token * cell, y, width: cell - 1, height: row - 2,
      fill: amount(weight / most), "data-tip": tipOf(head, tokens[token]!, weight), "data-weight": weight })));
  });
  svg.append(shades(left, bottom + 12, most, "weight on the token"), s("text", { x: left + 290, y: bottom + 21, class: "note" }, full >= left + 430 ? "× pruned  ● kept" : ""));
  return svg;
}

function shades(x: number, y: number, most: number, label: string): SVGElement {
  const g = shadeBar(x, y, 110, "0", percent(most));
  g.append(s("text", { x: 120, y: 9 }, label));
  return g;
}

// The image under the weights of its patches, head by head.
export function patchMaps(width: number, example: Example, weights: Weights): SVGSVGElement {
  const grid = example.grid!, columns = Math.max(1, Math.floor(width / 150)), size = 130;
  const rows = Math.ceil(example.heads.length / columns), height = rows * (size + 30) + 30;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "attention" });
  const most = example.heads.reduce((greatest, head) => head[weights].slice(grid.first_token).reduce((a, b) => Math.max(a, b), greatest), 0) || 1;
  example.heads.forEach((head, i) => {
    const x = (i % columns) * 150, y = Math.floor(i / columns) * (size + 30);
    svg.append(s("text", { x, y: y + 14, class: head.pruned ? "gone" : "stays" }, `${head.pruned ? "× " : "● "}layer ${head.layer}, head ${head.head}`),
      s("image", { x, y: y + 20, width: size, height: size, href: example.image!, preserveAspectRatio: "none" }));
    for (let r = 0; r < grid.rows; ++r)
      for (let c = 0; c < grid.columns; ++c) {
        const weight = head[weights][grid.first_token + r * grid.columns + c] ?? 0;
        svg.append(s("rect", { x: x + (c * size) / grid.columns, y: y + 20 + (r * size) / grid.rows, width: size / grid.columns, height: size / grid.rows,
          fill: amount(weight / most), "fill-opacity": 0.75, "data-tip": tipOf(head, `patch ${r}, ${c}`, weight), "data-weight": weight }));
      }
  });
  svg.append(shades(0, height - 26, most, "weight on the patch"));
  return svg;
}
