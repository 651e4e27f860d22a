// HIS, AE and HIES as three axes, seen from any side: orthographic, turned by yaw about the upright axis and tilted by pitch.
import { amount } from "../colour.ts";
import { s } from "../dom.ts";

export interface SpacePoint { x: number; y: number; z: number; tip: string; hollow: boolean }  // 0 … 1 each

export function spaceView(width: number, points: SpacePoint[], names: [string, string, string], yaw: number, pitch: number): SVGSVGElement {
  const height = Math.min(420, width * 0.85), size = Math.min(width, height * 1.25) * 0.5;
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  // [right, up, towards the reader]; z stands upright.
  const project = (x: number, y: number, z: number): [number, number, number] => {
    const [px, py, pz] = [x - 0.5, y - 0.5, z - 0.5];
    const right = px * cy + py * sy, depth = -px * sy + py * cy;
    return [width / 2 + right * size, height / 2 - (pz * cp + depth * sp) * size, -(depth * cp - pz * sp)];
  };
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "space" });
  for (const [a, b] of edges()) {
    const [x1, y1] = project(...a), [x2, y2] = project(...b);
    svg.append(s("line", { class: "edge", x1, y1, x2, y2 }));
  }
  const ends: [number, number, number][] = [[1.12, 0, 0], [0, 1.12, 0], [0, 0, 1.1]];
  ends.forEach((end, i) => {
    const [x, y] = project(...end), [x0, y0] = project(0, 0, 0);
    svg.append(s("line", { class: "axis", x1: x0, y1: y0, x2: x, y2: y }),
      s("text", { class: "title", x: Math.max(30, Math.min(width - 30, x)), y: Math.max(14, Math.min(height - 6, y + (i === 2 ? -6 : 14))), "text-anchor": "middle" }, names[i]!));
  });
  const placed = points.map((point) => ({ point, at: project(point.x, point.y, point.z) })).sort((a, b) => a.at[2] - b.at[2]);
  for (const { point, at } of placed) {
    const colour = amount(point.z);
    svg.append(s("circle", { cx: at[0], cy: at[1], r: 4.5 + at[2] * 1.2, fill: colour, "fill-opacity": point.hollow ? 0.15 : 0.95, stroke: colour, "stroke-width": 1.5, "data-tip": point.tip }));
  }
  return svg;
}

function edges(): [[number, number, number], [number, number, number]][] {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i & 1, (i >> 1) & 1, (i >> 2) & 1] as [number, number, number]);
  const all: [[number, number, number], [number, number, number]][] = [];
  for (const a of corners)
    for (const b of corners)
      if (a.reduce((sum, v, i) => sum + Math.abs(v - b[i]!), 0) === 1 && a.join() < b.join()) all.push([a, b]);
  return all;
}
