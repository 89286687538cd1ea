// What people write who come from other languages, and what is said here instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/language/token_reader.h"

namespace weir {

// Help for a token that stands where an expression should have ended; empty when there is none.
std::vector<std::string> help_behind_expression(const TokenReader& reader);

// Help for a token that stands where a value should begin.
std::vector<std::string> help_before_value(const TokenReader& reader);

}  // namespace weir
