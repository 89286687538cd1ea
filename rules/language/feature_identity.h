// What makes a feature the same feature in another version of the rules: its text, and what the names in it stand for.
#pragma once

#include <string>

#include "rules/language/check_scope.h"
#include "rules/language/syntax_tree.h"

namespace weir {

// The canonical text of `syntax`, then each field that it reads with its type and each let with its own meaning, once each. Entries of
// lists are not part of it: they may change without the feature beginning anew.
std::string meaning_text(const SyntaxExpression& syntax, const CheckScope& scope);

// The same in 32 digits, for what stands inside of others: lets that use two lets each would double at every step.
std::string meaning_digest(const SyntaxExpression& syntax, const CheckScope& scope);

// The same for an aggregate, with what else its windows hang on: the types of the events that they are made of, where those have their
// time, and whether the key holds the shard's key. An event type that adds nothing to it may come or go.
std::string feature_identity(const SyntaxExpression& syntax, const CheckScope& scope, EventTypeSet from, bool by_includes_shard_key);
// The same for what a pattern remembers and asks. `fitting`: the types whose events may be a step.
std::string pattern_identity(const SyntaxPattern& pattern, const CheckScope& scope, EventTypeSet fitting, bool by_includes_shard_key);

}  // namespace weir
