import type { Report, Run } from "../data.ts";
import { h, type Child } from "../dom.ts";
import type { Figure } from "../figure.ts";
import type { Key, State } from "../state.ts";

export interface Context { report: Report; state: State; run: Run }

// A part of the page. `update` draws again what depends on the changed keys; another run makes new sections.
export interface Section { id: string; title: string; element: HTMLElement; update: (changed: Set<Key>) => void }

export function section(id: string, title: string, update: (changed: Set<Key>) => void, ...children: Child[]): Section {
  const element = h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title`, tabindex: "-1" }, title), ...children);
  return { id, title, element, update };
}

// Redraws the figures when one of the keys has changed.
export function redraws(keys: Key[], figures: () => Figure[]): (changed: Set<Key>) => void {
  return (changed) => { if (keys.some((key) => changed.has(key))) for (const figure of figures()) figure.redraw(); };
}
