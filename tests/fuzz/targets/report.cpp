// The directories of `hies sweep` and `hies explain`: sweep.json, records.jsonl, the scores of a sweep, explain.json.
#include "../target.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/report/explanation.h"
#include "hies/report/page.h"
#include "hies/report/page_data.h"
#include "hies/report/text.h"

namespace hies::fuzz {
namespace {

std::vector<Bundle> report_seeds() {
  const auto folder = source_dir() / "tests/data/v1/bert-sweep";
  Bundle old, present;
  for (const auto& [name, content] : read_bundle(folder)) old["sweep/" + name] = content;
  old["explain/explain.json"] = documented("explain.json");
  present = old;
  std::string& lines = present["sweep/records.jsonl"];
  lines.clear();
  for (const evidence::Record& record : evidence::read_records(folder / evidence::kRecordsFile))
    lines += evidence::record_line(record) + "\n";
  for (auto& [name, content] : present)
    if (name.starts_with("sweep/scores/"))
      content = pretty(score::to_json(score::scores_from_json(parse_json(content, name), name)));
  return {old, present};
}

void read_report(const std::filesystem::path& input, const std::filesystem::path& /*output*/) {
  std::vector<report::Explanation> explanations;
  if (report::is_explanation(input / "explain")) explanations.push_back(report::read_explanation(input / "explain"));
  const std::vector<report::Sweep> sweeps = {report::read_sweep(input / "sweep")};
  report::text_report(sweeps);
  const std::string text = report::script_safe(report::page_data(sweeps, explanations, "0"));
  check(text.find_first_of("<>&") == std::string::npos, "markup in the data of a page");
}

}  // namespace

Target report_target() { return {"report", report_seeds, read_report}; }

}  // namespace hies::fuzz
