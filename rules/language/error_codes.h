// Every code that the rule language can complain with, with a short and a long text (`weir explain R0203`, `weir list errors`).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

struct ErrorCode {
  std::string_view code;   // "R0203"
  std::string_view title;  // one line: "unknown name"
  std::string_view text;   // some sentences: what it means, an example, what to do
};

// Ascending by code.
std::span<const ErrorCode> all_rule_error_codes();

// Title and long text as shown on a terminal; nothing for a code that does not exist. Case does not matter.
std::optional<std::string> explain_code(std::string_view code);

}  // namespace weir
