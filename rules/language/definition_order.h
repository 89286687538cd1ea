// In which order features and lets must be checked so that each comes behind what it reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// A named expression: a declared feature or a let.
struct Definition {
  SyntaxName name;
  const SyntaxExpression* value = nullptr;
  Reporter* reporter = nullptr;
  bool is_feature = false;
  std::uint32_t index = 0;  // of the feature or let
  bool circular = false;    // set, and complained about, when it reads itself
};

// Indexes into `definitions`, each once. Works without recursion: a chain may be as long as there are definitions.
std::vector<std::size_t> definition_order(std::vector<Definition>& definitions);

}  // namespace weir
