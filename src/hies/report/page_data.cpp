#include "hies/report/page_data.h"

#include <map>

#include <fmt/format.h>

#include "hies/evidence/formats.h"
#include "hies/report/run_json.h"

namespace hies::report {
namespace {

namespace fs = std::filesystem;
using evidence::Table;
using evidence::TableCell;
using evidence::TableColumn;

Json cell_json(const TableCell& cell, const TableColumn& column) {
  if (column.kind == TableColumn::Kind::text) return cell.text;
  if (!cell.value) return nullptr;
  if (column.kind == TableColumn::Kind::number) return *cell.value;
  return Json::array({*cell.value, cell.sd ? Json(*cell.sd) : Json()});
}

Json table_json(const Table& table) {
  Json json = {{"name", table.name}, {"title", table.title}, {"caption", table.caption}};
  json["columns"] = Json::array();
  for (const TableColumn& column : table.columns)
    json["columns"].push_back(
        {{"title", column.title}, {"text", column.kind == TableColumn::Kind::text}, {"digits", column.digits}});
  json["rows"] = Json::array();
  for (const evidence::TableRow& row : table.rows) {
    Json cells = Json::array(), best = Json::array(), second = Json::array();
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      cells.push_back(cell_json(row.cells[i], table.columns[i]));
      if (row.cells[i].best) best.push_back(i);
      if (row.cells[i].second) second.push_back(i);
    }
    json["rows"].push_back({{"cells", cells}, {"best", best}, {"second", second}, {"group", row.begins_group}});
  }
  // The same text as in the sweep's own files.
  json["copies"] = Json::object();
  for (const evidence::TableFormat& format : evidence::table_formats())
    json["copies"][std::string(format.ending)] = format.print(table);
  return json;
}

// Returns the last part of the path as given, or of the real path where that is "." or the like.
std::string folder_name(const fs::path& folder) {
  const std::string name = (folder / "").lexically_normal().parent_path().filename().string();
  return name.empty() || name == "." || name == ".." ? real_place(folder).filename().string() : name;
}

}  // namespace

Json page_data(std::span<const Sweep> sweeps, std::span<const Explanation> explanations, const std::string& version) {
  check_distinct(sweeps);
  Json runs = Json::array(), tables = Json::array(), examples = Json::array();
  std::map<std::string, int> names, keys;
  for (const Sweep& sweep : sweeps) {
    const evidence::Evidence evidence(sweep.records, sweep.scores, sweep.table_options());
    for (const std::string& run : evidence.runs()) {
      ++names[run];
      runs.push_back(run_json(sweep, evidence, run));
    }
    Json own = Json::array();
    for (const Table& table : evidence::evidence_tables(sweep.records, sweep.scores, sweep.table_options()))
      own.push_back(table_json(table));
    tables.push_back({{"folder", sweep.folder.string()}, {"tables", own}});
  }
  for (Json& run : runs) {
    std::string key = run["name"];
    if (names[key] > 1) key = fmt::format("{}/{}", folder_name(run["folder"].get<std::string>()), key);
    if (const int others = keys[key]++; others > 0) key += fmt::format(" ({})", others + 1);
    run["key"] = key;
  }
  for (const Explanation& explanation : explanations) examples.push_back(explanation.document);
  return {{"schema", kPageSchema}, {"hies", version}, {"runs", runs}, {"tables", tables}, {"explanations", examples}};
}

}  // namespace hies::report
