// What expressions can name while a rule set is checked, and what was used of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/language/checked_rules.h"
#include "rules/language/expression_arena.h"

namespace weir {

enum class NameKind : std::uint8_t { field, feature, let, broken };  // broken: declared with an error that was told already

struct NameEntry {
  NameKind kind = NameKind::broken;
  std::uint32_t index = 0;
};

class CheckScope {
 public:
  // Takes in the fields, features, lets and lists that `rules` has.
  explicit CheckScope(CheckedRules& rules);

  std::optional<NameEntry> find(std::string_view name) const;
  // False when the name is taken. `line` is where, 0 for unknown.
  bool declare(std::string_view name, NameEntry entry, std::size_t line = 0);
  void set(std::string_view name, NameEntry entry) { names_[std::string(name)] = entry; }
  // "did you mean `x`? (declared at line 12)"; nothing when no name is close.
  std::vector<std::string> suggest(std::string_view name) const;
  // "at line 12", or "already".
  std::string declared_at(std::string_view name) const;

  struct ListEntry {
    std::uint32_t index = 0;
    bool broken = false;
    bool used = false;
  };
  ListEntry* find_list(std::string_view name);
  bool declare_list(std::string_view name, ListEntry entry) { return lists_.try_emplace(std::string(name), entry).second; }
  std::vector<std::string_view> list_names() const;
  // Lookups have names of their own, too.
  ListEntry* find_lookup(std::string_view name);
  bool declare_lookup(std::string_view name, ListEntry entry) { return lookups_.try_emplace(std::string(name), entry).second; }
  std::vector<std::string_view> lookup_names() const;

  // Column of an expression over the event; equal ones share it.
  ColumnIndex derived_column(ExpressionIndex value);
  // The feature that computes this, whatever its name.
  std::optional<std::uint32_t> find_feature(const FeatureSpec& spec) const;
  void know_feature(const FeatureSpec& spec, std::uint32_t index);

  CheckedRules& rules;
  ExpressionArena arena;
  std::vector<bool> used_features;
  std::vector<bool> used_lets;
  bool policy_broken = false;  // told already: outcomes are not judged

 private:
  std::unordered_map<std::string, NameEntry> names_;
  std::unordered_map<std::string, std::size_t> lines_;
  std::unordered_map<std::string, ListEntry> lists_;
  std::unordered_map<std::string, ListEntry> lookups_;
  std::unordered_map<std::string, std::uint32_t> features_;
};

template <typename Flags>
void mark_used(Flags& flags, std::size_t index) {
  if (flags.size() <= index) flags.resize(index + 1, false);
  flags[index] = true;
}

}  // namespace weir
