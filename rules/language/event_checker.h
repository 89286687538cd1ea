// Event declarations to a schema.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

struct DeclaredType {
  ValueType type = ValueType::string;
  int scale = 0;
  TimestampUnit unit = TimestampUnit::automatic;
};

// The type that is written; nothing after a complaint.
std::optional<DeclaredType> check_type(const SyntaxName& name, const std::optional<SyntaxName>& parameter, Reporter& reporter);

struct DeclaredEvent {
  const SyntaxEvent* syntax = nullptr;
  Reporter* reporter = nullptr;
};

// Fills `scope.rules.event` with the union of all event types, at least one, and declares the fields. False after a complaint.
bool check_events(const std::vector<DeclaredEvent>& events, CheckScope& scope);

// "bool", "int" and the others.
std::vector<std::string_view> type_words();

}  // namespace weir
