// Tables of evidence: sorted by any column, the best in bold, the second underlined, copied in the three formats of the sweep's files.
import { copyButton, download, button } from "./controls.ts";
import type { Cell, Table } from "./data.ts";
import { h } from "./dom.ts";
import { fixed } from "./format.ts";

const kFormats: Record<string, string> = { ".csv": "CSV", ".md": "Markdown", ".tex": "LaTeX" };

export function cellText(cell: Cell, digits: number): string {
  if (cell === null) return "";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return fixed(cell, digits);
  return fixed(cell[0], digits) + (cell[1] === null ? "" : ` ± ${fixed(cell[1], digits)}`);
}

const sortKey = (cell: Cell): string | number | null => (Array.isArray(cell) ? cell[0] : cell);

// -1, 0, 1; what is missing stands last whichever way.
function compare(a: Cell, b: Cell, up: boolean): number {
  const x = sortKey(a), y = sortKey(b);
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
  const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
  return up ? order : -order;
}

export function tableView(table: Table): HTMLElement {
  let by = -1, up = true;
  const body = h("tbody");
  const headers = table.columns.map((column, i) => h("th", { scope: "col", class: column.text ? "text" : "number" },
    h("button", { type: "button", click: () => {
      up = by === i ? !up : column.text;
      by = i;
      draw();
    } }, column.title)));
  const draw = () => {
    headers.forEach((header, i) => header.setAttribute("aria-sort", i !== by ? "none" : up ? "ascending" : "descending"));
    const rows = by < 0 ? table.rows : [...table.rows].sort((a, b) => compare(a.cells[by]!, b.cells[by]!, up));
    body.replaceChildren(...rows.map((row) => h("tr", { class: row.group && by < 0 ? "group" : null },
      ...row.cells.map((cell, i) => {
        const column = table.columns[i]!, text = cellText(cell, column.digits);
        return h("td", { class: column.text ? "text" : "number" },
          row.best.includes(i) ? h("strong", {}, text) : row.second.includes(i) ? h("u", {}, text) : text);
      }))));
  };
  draw();
  const copies = Object.entries(kFormats).filter(([ending]) => table.copies[ending])
    .map(([ending, name]) => copyButton(`Copy ${name}`, () => table.copies[ending]!));
  return h("div", { class: "table" },
    h("div", { class: "tools" }, ...copies,
      button("Save CSV", () => download(`${table.name}.csv`, new Blob([table.copies[".csv"] ?? ""], { type: "text/csv" })))),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.title },
      h("table", { "data-table": table.name }, h("caption", {}, table.title), h("thead", {}, h("tr", {}, ...headers)), body)),
    h("p", { class: "note" }, table.caption, " Underlined: the second."));
}
