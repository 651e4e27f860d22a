// Form controls that are bound to the state.
import { h, newId } from "./dom.ts";
import type { Key, State } from "./state.ts";

export interface Choice { value: string; label: string }

export function select(state: State, key: Key, label: string, choices: Choice[]): HTMLElement {
  const id = newId("control");
  const list = h("select", { id, change: () => state.set(key, list.value) },
    ...choices.map((choice) => h("option", { value: choice.value }, choice.label)));
  const known = (value: string) => choices.some((choice) => choice.value === value);
  const show = () => { list.value = known(state.get(key)) ? state.get(key) : known("") ? "" : choices[0]?.value ?? ""; };
  show();
  state.onChange((changed) => { if (changed.has(key)) show(); });
  return h("div", { class: "control" }, h("label", { for: id }, label), list);
}

export function slider(state: State, key: Key, label: string, least: number, most: number, step: number, shown: (value: number) => string): HTMLElement {
  const id = newId("control");
  const output = h("output", { for: id });
  const input = h("input", { id, type: "range", min: least, max: most, step, input: () => state.set(key, input.value) });
  const show = () => {
    const value = state.number(key, least, most);
    input.value = String(value);
    output.textContent = shown(value);
    input.setAttribute("aria-valuetext", shown(value));
  };
  show();
  state.onChange((changed) => { if (changed.has(key)) show(); });
  return h("div", { class: "control slider" }, h("label", { for: id }, label), input, output);
}

// One box for each choice; the state holds the chosen ones' values, separated by '|'.
export function boxes(state: State, key: Key, legend: string, choices: Choice[], chosen: () => Set<string>): HTMLElement {
  const all = choices.map((choice) => {
    const input = h("input", { type: "checkbox", change: () => {
      const now = chosen();
      if (input.checked) now.add(choice.value);
      else now.delete(choice.value);
      state.set(key, [...now].join("|") || "-");
    } });
    return { input, choice };
  });
  const show = () => { const now = chosen(); for (const { input, choice } of all) input.checked = now.has(choice.value); };
  show();
  state.onChange((changed) => { if (changed.has(key)) show(); });
  return h("fieldset", { class: "boxes" }, h("legend", {}, legend),
    ...all.map(({ input, choice }) => h("label", {}, input, " ", choice.label)));
}

export function button(label: string, action: () => void, title?: string): HTMLButtonElement {
  return h("button", { type: "button", click: action, title: title ?? null }, label);
}

// Copies, and says so on the button for a moment.
export function copyButton(label: string, text: () => string): HTMLButtonElement {
  const made = button(label, () => void copy(text()).then((done) => {
    made.textContent = done ? "Copied" : "Copying was refused";
    setTimeout(() => { made.textContent = label; }, 1500);
  }));
  return made;
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page from the disk may lack that right.
    const area = h("textarea", { class: "off-screen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const fileName = (text: string): string => text.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-").replaceAll(/^-|-$/g, "");
