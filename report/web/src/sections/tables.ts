import { select } from "../controls.ts";
import { h } from "../dom.ts";
import { tableView } from "../table.ts";
import { section, type Context, type Section } from "./section.ts";

export function tablesSection(context: Context): Section | null {
  const { run, state, report } = context;
  const tables = report.tables.find((one) => one.folder === run.folder)?.tables ?? [];
  if (tables.length === 0) return null;
  const place = h("div");
  const draw = () => place.replaceChildren(tableView(tables.find((table) => table.name === state.get("table")) ?? tables[0]!));
  draw();
  return section("tables", "Tables", (changed) => { if (changed.has("table")) draw(); },
    h("div", { class: "controls" }, select(state, "table", "Table", tables.map(({ name, title }, i) => ({ value: i === 0 ? "" : name, label: title })))), place);
}
