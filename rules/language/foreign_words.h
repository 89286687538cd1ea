// What people write who come from other languages, and what is said here instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/language/token_reader.h"

namespace weir {

// Between the values of a list or a set.
constexpr std::string_view values_written =
    "values are separated by commas; many of them stand in a file: `list partners of string from \"partners.txt\"`";

// Help for a token that stands where an expression should have ended; empty when there is none.
std::vector<std::string> help_behind_expression(const TokenReader& reader);

// Help for a token that stands where a value should begin.
std::vector<std::string> help_before_value(const TokenReader& reader);

// Help for a token that stands where a declaration, a clause of a rule or a step of a test should begin.
std::vector<std::string> help_for_declaration(const TokenReader& reader);
std::vector<std::string> help_for_clause(const TokenReader& reader, bool condition_seen);
std::vector<std::string> help_for_step(const TokenReader& reader);

// Help for what stands between a rule's name and its title, and between its title and its "{".
std::string help_before_title(const TokenReader& reader, std::string_view name);
std::string_view help_behind_title(const TokenReader& reader);

// What `value in` is followed by, where it is no list and no set.
std::vector<std::string> help_behind_in(const TokenReader& reader);

// What the rest of an expectation should have been; `first` stands behind `expect`.
std::vector<std::string> help_for_expectation(const TokenReader& reader, const Token& first);

// A length of time as it is written here: "30d" for 30 and "days" or "1" and "month"; empty when `unit` is none.
std::string duration_meant(std::string_view number, std::string_view unit);

// The aggregate that is called otherwise elsewhere: `avg` for `mean`; empty when there is none.
std::string_view aggregate_meant(std::string_view name);

}  // namespace weir
