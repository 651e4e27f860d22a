// What every figure has: a title, an image that is drawn again when there is more or less room, a caption with the definitions, its
// numbers as a table for those who do not see it, and buttons that save it.
import { button, fileName } from "./controls.ts";
import { h } from "./dom.ts";
import { savePng, saveSvg } from "./save.ts";

export interface Numbers { columns: string[]; rows: (string | number)[][] }

export interface FigureParts {
  title: string;
  caption?: string;
  most?: number;  // width, px
  draw: (width: number) => SVGSVGElement;
  numbers?: () => Numbers;
}

export interface Figure { element: HTMLElement; redraw: () => void }

function numbersTable({ columns, rows }: Numbers): HTMLElement {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers of the figure" }, h("table", {},
    h("thead", {}, h("tr", {}, ...columns.map((column) => h("th", { scope: "col" }, column)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell)))))));
}

export function figure(parts: FigureParts): Figure {
  const place = h("div", { class: "drawing" });
  const details = parts.numbers ? h("details", {}, h("summary", {}, "Numbers")) : null;
  let drawn: SVGSVGElement | null = null, width = 0;
  const redraw = () => {
    if (width === 0) return;
    drawn = parts.draw(width);
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", parts.title);
    place.replaceChildren(drawn);
    // What has to be scrolled must be reached by the keyboard.
    const wide = drawn.viewBox.baseVal.width > width + 1;
    for (const [name, value] of [["tabindex", "0"], ["role", "region"], ["aria-label", `${parts.title}, scrolls`]] as const)
      if (wide) place.setAttribute(name, value);
      else place.removeAttribute(name);
    if (details?.open) fillNumbers();
  };
  const fillNumbers = () => details!.replaceChildren(details!.firstChild!, numbersTable(parts.numbers!()));
  details?.addEventListener("toggle", () => { if (details.open) fillNumbers(); });
  new ResizeObserver(() => {
    const now = Math.round(Math.min(place.clientWidth, parts.most ?? Infinity));
    if (now === width || now === 0) return;
    width = now;
    redraw();
  }).observe(place);
  const name = fileName(parts.title.toLowerCase());
  const element = h("figure", {},
    h("div", { class: "head" }, h("h3", {}, parts.title),
      h("span", { class: "tools" },
        button("SVG", () => { if (drawn) saveSvg(drawn, name); }, `Save “${parts.title}” as SVG`),
        button("PNG", () => { if (drawn) void savePng(drawn, name); }, `Save “${parts.title}” as PNG`))),
    place,
    parts.caption ? h("figcaption", {}, parts.caption) : null,
    details);
  return { element, redraw };
}
