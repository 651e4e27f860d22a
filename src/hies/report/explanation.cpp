#include "hies/report/explanation.h"

#include "hies/base/files.h"
#include "hies/base/json_node.h"
#include "hies/explain/explain_run.h"

namespace hies::report {
namespace {

using explain::kExplainFile;
using explain::kExplainSchema;

void check_numbers(const JsonNode& list, std::size_t count, std::string_view of) {
  list.each(count, of, [](std::size_t, const JsonNode& value) { value.number(); });
}

void check_answer(const JsonNode& answer) {
  answer.member("answer").number();
  const JsonNode logits = answer.member("logits");
  check_numbers(logits, logits.list_size(), "logits");
  if (answer.holds("loss")) answer.member("loss").number();
}

void check_example(const JsonNode& example) {
  example.member("row").count();
  const JsonNode tokens = example.member("tokens");
  tokens.each(tokens.list_size(), "tokens", [](std::size_t, const JsonNode& token) { static_cast<void>(token.text()); });
  check_answer(example.member("before"));
  if (example.holds("after")) check_answer(example.member("after"));
  if (example.holds("image")) {
    if (!example.member("image").text().starts_with("data:image/"))
      example.member("image").fail("is not a data: URL of an image");
    for (const std::string_view name : {"rows", "columns", "first_token"}) example.member("grid").member(name).count();
  }
  for (const std::string_view name : {"his", "entropy"}) {
    const JsonNode table = example.member(name);
    table.each(table.list_size(), "layers",
               [](std::size_t, const JsonNode& row) { check_numbers(row, row.list_size(), "heads"); });
  }
  const JsonNode heads = example.member("heads");
  heads.each(heads.list_size(), "heads", [&](std::size_t, const JsonNode& head) {
    head.member("layer").count();
    head.member("head").count();
    for (const std::string_view name : {"his", "entropy"}) head.member(name).number();
    for (const std::string_view name : {"asked", "mean"}) check_numbers(head.member(name), tokens.list_size(), "tokens");
  });
}

}  // namespace

bool is_explanation(const std::filesystem::path& folder) { return is_folder(folder) && is_there(folder / kExplainFile); }

Explanation read_explanation(const std::filesystem::path& folder) {
  Explanation explanation{folder, read_json(folder / kExplainFile)};
  const std::string where = (folder / kExplainFile).string();
  const JsonNode root(explanation.document, where);
  check_schema(root, kExplainSchema, where, "run hies explain again with this version", "give the folder of hies explain");
  static_cast<void>(root.member("model").member("hash").text());
  static_cast<void>(root.member("task").text());
  const JsonNode labels = root.member("labels"), examples = root.member("examples");
  labels.each(labels.list_size(), "labels", [](std::size_t, const JsonNode& label) { static_cast<void>(label.text()); });
  examples.each(examples.list_size(), "examples", [](std::size_t, const JsonNode& example) { check_example(example); });
  return explanation;
}

}  // namespace hies::report
