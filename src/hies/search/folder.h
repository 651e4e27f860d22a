#pragma once

#include "hies/base/job_folder.h"
#include "hies/model/hashes.h"
#include "hies/search/rows.h"
#include "hies/search/search.h"

namespace hies::search {

inline constexpr std::string_view kSearchFile = "search.json";
inline constexpr std::string_view kJournalFile = "evaluations.jsonl";
inline constexpr std::string_view kScoresFile = "scores.json";

// Returns the content of search.json: all that the values of masks and the order in which they are evaluated depend on.
Json search_json(const SearchRequest& request, const model::ModelHashes& model, const SearchRows& rows);

// Writes search.json; where there is one, compares with it instead. Throws bad_input that names what differs.
void claim(const JobFolder& folder, const Json& mine);

}  // namespace hies::search
