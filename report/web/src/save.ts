// A figure as a file of its own: an SVG without style sheet, or a PNG of it.
import { download } from "./controls.ts";

const kStyles = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "stroke-linecap", "opacity",
  "font-size", "font-family", "font-weight", "text-anchor", "dominant-baseline"];

export function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const style = getComputedStyle(element), target = to[i]!;
    for (const name of kStyles) {
      const value = style.getPropertyValue(name);
      if (value) target.setAttribute(name, value);
    }
    for (const name of ["class", "tabindex", "data-tip"]) target.removeAttribute(name);
  });
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const page = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  page.setAttribute("width", "100%");
  page.setAttribute("height", "100%");
  page.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(page);
  return new XMLSerializer().serializeToString(copy);
}

const svgBlob = (svg: SVGSVGElement): Blob => new Blob([standalone(svg)], { type: "image/svg+xml" });

export function saveSvg(svg: SVGSVGElement, name: string): void {
  download(`${name}.svg`, svgBlob(svg));
}

export async function savePng(svg: SVGSVGElement, name: string): Promise<void> {
  const scale = 2, { width, height } = svg.viewBox.baseVal;
  const url = URL.createObjectURL(svgBlob(svg));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    const png = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (png) download(`${name}.png`, png);
  } finally {
    URL.revokeObjectURL(url);
  }
}
