// Which event types a rule or a feature is about: those that are named, or those that have the fields that it reads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// Fields that the expressions read, through lets too, and the keys of features that they read. Ascending.
std::vector<ColumnIndex> fields_read(const CheckedRules& rules, const std::vector<ExpressionIndex>& roots);

// Who asks, for messages.
struct TypeClaim {
  SourceSpan span;
  std::string what;       // "rule `x`", "this feature"
  std::string_view word;  // "on", "from"
};

// The types in `named` or, where it is empty, all that have `fields`; 0: all there are. Nothing after a complaint: an event that is not
// declared, a type that is named and lacks a field, no type that has them all.
std::optional<EventTypeSet> check_event_types(const std::vector<SyntaxName>& named, const std::vector<ColumnIndex>& fields,
                                              const TypeClaim& claim, const CheckedRules& rules, Reporter& reporter);

// Events of these types have the whole key, so they ask for features by it.
EventTypeSet types_with_key(const EventSchema& schema, const std::vector<ColumnIndex>& by);

// Events of these types may fit the step of a pattern.
EventTypeSet types_fitting(const CheckedRules& rules, const PatternStep& step);

// Whether the key of the shard is among `by` for each of the types.
bool includes_shard_key(const EventSchema& schema, const std::vector<ColumnIndex>& by, EventTypeSet types);

// Ties facts to the shard whose key holds it for all types that write or read it: by rules or, where `asked_elsewhere` says so, all.
void tie_facts_to_shards(CheckedRules& rules, const std::function<bool(std::uint32_t fact)>& asked_elsewhere);

}  // namespace weir
