#pragma once

#include <vector>

#include "hies/evidence/evidence.h"
#include "hies/evidence/table.h"

// Each kind of evidence: a file of its name, this declaration, and its line in tables.cpp. It gives no table where the records have
// nothing for it.
namespace hies::evidence {

std::vector<Table> quality_tables(const Evidence& evidence);
std::vector<Table> random_tables(const Evidence& evidence);
std::vector<Table> alpha_tables(const Evidence& evidence);
std::vector<Table> calibration_size_tables(const Evidence& evidence);
std::vector<Table> loss_tables(const Evidence& evidence);
std::vector<Table> choice_tables(const Evidence& evidence);
std::vector<Table> orthogonality_tables(const Evidence& evidence);
std::vector<Table> bound_tables(const Evidence& evidence);
std::vector<Table> pareto_tables(const Evidence& evidence);
std::vector<Table> latency_tables(const Evidence& evidence);

}  // namespace hies::evidence
