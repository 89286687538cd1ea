#include "rules/evaluate/fact_chains.h"

#include <algorithm>

namespace weir::evaluate {
namespace {

// By fact: those that the rules read which write it.
std::vector<std::vector<std::uint32_t>> sources_of(const CheckedRules& rules) {
  std::vector<std::vector<std::uint32_t>> reads(rules.facts.size());
  for (const CheckedRule& rule : rules.rules)
    for (const CheckedUpdate& update : rule.updates)
      if (update.fact != no_fact) reads[update.fact].insert(reads[update.fact].end(), rule.facts.begin(), rule.facts.end());
  return reads;
}

}  // namespace

// Each round settles the facts whose writers read settled ones only. What is left stands in a circle or behind one: it has no end.
std::vector<std::optional<std::int64_t>> fact_chains(const CheckedRules& rules) {
  const std::size_t count = rules.facts.size();
  const std::vector<std::vector<std::uint32_t>> reads = sources_of(rules);
  std::vector<std::optional<std::int64_t>> chains(count);
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t fact = 0; fact < count; ++fact) {
      const std::int64_t own_ms = rules.facts[fact].spec.longest_ms;
      const auto settled = [&](std::uint32_t read) { return chains[read].has_value(); };
      if (chains[fact] || own_ms == 0 || !std::all_of(reads[fact].begin(), reads[fact].end(), settled)) continue;
      std::int64_t longest_ms = 0;
      for (const std::uint32_t read : reads[fact]) longest_ms = std::max(longest_ms, *chains[read]);
      chains[fact] = own_ms + longest_ms;
      moved = true;
    }
  }
  return chains;
}

std::vector<FactSpec> facts_that_are_read(const CheckedRules& rules) {
  std::vector<std::uint32_t> places(rules.facts.size(), 0);
  std::uint32_t read = 0;
  for (std::size_t fact = 0; fact < rules.facts.size(); ++fact)
    if (rules.facts[fact].read) places[fact] = read++;
  const std::vector<std::vector<std::uint32_t>> sources = sources_of(rules);
  std::vector<FactSpec> facts;
  for (std::size_t fact = 0; fact < rules.facts.size(); ++fact) {
    if (!rules.facts[fact].read) continue;
    facts.push_back(rules.facts[fact].spec);
    for (const std::uint32_t source : sources[fact]) facts.back().sources.push_back(places[source]);
  }
  return facts;
}

}  // namespace weir::evaluate
