// Rule sets and batches drawn at random: every kind of expression over every type, with missing values and numbers at the edges.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/batch.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/checked_rules.h"

namespace weir::test {

// What rules.sets[2] holds.
constexpr std::array<std::string_view, 4> random_networks = {"10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::/3"};

struct RandomRuleSet {
  CheckedRules rules;
  RuleSetOptions options;
};

// The same seed gives the same rules.
RandomRuleSet make_random_rules(std::uint64_t seed, std::size_t rule_count);

struct RandomBatch {
  EventBatch events;
  FeatureColumns features;
};
// `rules` must outlive the batch.
void fill_random_batch(const CheckedRules& rules, std::uint64_t seed, std::size_t rows, RandomBatch& batch);

}  // namespace weir::test
