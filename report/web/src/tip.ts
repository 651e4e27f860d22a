// One floating hint for whatever under the pointer or focus has data-tip: plain text, lines separated by '\n'.
import { h } from "./dom.ts";

export function installTips(root: HTMLElement): void {
  const tip = h("div", { class: "tip", "aria-hidden": "true" });
  tip.hidden = true;
  document.body.append(tip);
  const show = (target: Element, x: number, y: number) => {
    tip.textContent = target.getAttribute("data-tip");
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${y + 18 + height > innerHeight ? Math.max(4, y - height - 10) : y + 18}px`;
  };
  root.addEventListener("pointermove", (event) => {
    const target = (event.target as Element).closest?.("[data-tip]");
    if (target) show(target, event.clientX, event.clientY);
    else tip.hidden = true;
  });
  root.addEventListener("pointerleave", () => { tip.hidden = true; });
  document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
}
