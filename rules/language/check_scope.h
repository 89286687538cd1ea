// What expressions can name while a rule set is checked, and what was used of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "rules/language/checked_rules.h"
#include "rules/language/condition_warnings.h"
#include "rules/language/expression_arena.h"
#include "rules/language/syntax_tree.h"

namespace weir {

class Reporter;

enum class NameKind : std::uint8_t { field, feature, let, pattern, broken };  // broken: declared with an error that was told already

struct NameEntry {
  NameKind kind = NameKind::broken;
  std::uint32_t index = 0;
};

// Where a name stands; without a file: unknown.
struct DeclaredPlace {
  const SourceFile* file = nullptr;
  SourceSpan span;
};

template <typename Flags>
void mark_used(Flags& flags, std::size_t index) {
  if (flags.size() <= index) flags.resize(index + 1, false);
  flags[index] = true;
}

class CheckScope {
 public:
  // Takes in the fields, features, lets and lists that `rules` has.
  explicit CheckScope(CheckedRules& rules);

  std::optional<NameEntry> find(std::string_view name) const;
  // False when the name is taken.
  bool declare(std::string_view name, NameEntry entry, DeclaredPlace place = {});
  void set(std::string_view name, NameEntry entry) { names_[std::string(name)] = entry; }
  // "did you mean `x`? (declared at line 12)"; nothing when no name is close.
  std::vector<std::string> suggest(std::string_view name, Reporter& complains) const;
  // "at line 12", "at rules/base.rules:12", or "already".
  std::string declared_at(std::string_view name, Reporter& complains) const;

  struct ListEntry {
    std::uint32_t index = 0;
    bool broken = false;
    bool used = false;
    DeclaredPlace place;
  };
  ListEntry* find_list(std::string_view name);
  bool declare_list(std::string_view name, ListEntry entry) { return lists_.try_emplace(std::string(name), entry).second; }
  std::vector<std::string> suggest_list(std::string_view name, Reporter& complains) const { return suggest_of(lists_, name, complains); }
  // Lookups have names of their own, too.
  ListEntry* find_lookup(std::string_view name);
  bool declare_lookup(std::string_view name, ListEntry entry) { return lookups_.try_emplace(std::string(name), entry).second; }
  std::vector<std::string> suggest_lookup(std::string_view name, Reporter& complains) const {
    return suggest_of(lookups_, name, complains);
  }

  std::size_t condition_steps_left = all_condition_steps_max;  // in search of what can never be true
  std::size_t list_values = 0;                                 // entries of all lists and cells of all lookups so far
  std::size_t regex_instructions = 0;                          // of all regular expressions so far
  // What the tests so far take through the rules.
  std::size_t test_events = 0;
  std::size_t test_bytes = 0;

  // Of `rules.rules`; of several with one name the first.
  std::optional<std::uint32_t> find_rule(std::string_view name);

  // Column of an expression over the event; equal ones share it.
  ColumnIndex derived_column(ExpressionIndex value);
  // A fact of `rules.facts` by its key and its name.
  std::optional<std::uint32_t> find_fact(const std::vector<ColumnIndex>& by, std::string_view field) const;
  std::optional<std::uint32_t> find_fact(const SyntaxExpression& profile) const;
  std::uint32_t declare_fact(std::vector<ColumnIndex> by, std::string_view field);
  void break_fact(std::uint32_t index) { mark_used(broken_facts_, index); }
  bool is_broken_fact(std::uint32_t index) const { return index < broken_facts_.size() && broken_facts_[index]; }

  // The feature that computes this, whatever its name.
  std::optional<std::uint32_t> find_feature(const FeatureSpec& spec) const;
  void know_feature(const FeatureSpec& spec, std::uint32_t index);

  CheckedRules& rules;
  ExpressionArena arena;
  std::vector<bool> used_features;
  std::vector<bool> used_lets;
  std::vector<bool> used_patterns;
  // What a let computes, as a digest (feature_identity.h); known once it is checked.
  void set_let_meaning(std::string_view name, std::string text) { let_meanings_[std::string(name)] = std::move(text); }
  const std::string& let_meaning(const std::string& name) const {
    static const std::string unknown;
    const auto found = let_meanings_.find(name);
    return found == let_meanings_.end() ? unknown : found->second;
  }

  bool policy_broken = false;  // told already: outcomes are not judged
  // Of the rules, for those who take one for a value.
  std::unordered_set<std::string_view> rule_names;

 private:
  static std::vector<std::string> suggest_of(const std::unordered_map<std::string, ListEntry>& known, std::string_view name,
                                             Reporter& complains);

  std::unordered_map<std::string, NameEntry> names_;
  std::unordered_map<std::string, DeclaredPlace> places_;
  std::unordered_map<std::string, ListEntry> lists_;
  std::unordered_map<std::string, ListEntry> lookups_;
  std::unordered_map<std::string, std::uint32_t> rules_by_name_;
  std::uint32_t rules_named_ = 0;  // of `rules.rules`, in the map before
  std::unordered_map<std::string, std::uint32_t> features_;
  std::unordered_map<std::string, std::uint32_t> facts_;
  std::vector<bool> broken_facts_;
  std::unordered_map<std::string, std::string> let_meanings_;
};

}  // namespace weir
