// A lookup's table from its CSV file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/language/list_reader.h"
#include "rules/language/lookup_table.h"

namespace weir {

// Reads `path`: CSV with a header line that names the shape's columns, in any order and among others. Nothing when there was a problem;
// problems stop at ten.
std::shared_ptr<const LookupTable> read_lookup_file(const std::string& path, const LookupShape& shape, std::vector<ListProblem>& problems);

}  // namespace weir
