#pragma once

#include <vector>

#include "hies/evidence/evidence.h"
#include "hies/evidence/table.h"

// Each kind of table has a file of its name, this declaration, and a line in tables.cpp. It returns no table where the records
// have no data for it.
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
std::vector<Table> site_front_tables(const Evidence& evidence);
std::vector<Table> refit_tables(const Evidence& evidence);
std::vector<Table> latency_tables(const Evidence& evidence);

}  // namespace hies::evidence
