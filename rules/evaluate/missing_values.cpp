#include "rules/evaluate/missing_values.h"

#include <bit>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "rules/evaluate/compiled_rules.h"

namespace weir::evaluate {
namespace {

// Each let is walked once, however many rules and lets use it.
class ValueFinder {
 public:
  ValueFinder(const CheckedRules& rules, const Program& program) : rules_(rules), lets_(rules.lets.size()) {
    const auto inputs = program.inputs();
    for (std::size_t place = 0; place < inputs.size(); ++place)
      if (inputs[place].may_be_missing) presences_[{inputs[place].source, inputs[place].index}] = program.presence_of_input(place);
  }

  // Ascending.
  std::vector<MaskIndex> presences_of(ExpressionIndex value) {
    std::set<MaskIndex> found;
    std::vector<ExpressionIndex> open{value};
    std::unordered_set<ExpressionIndex> seen;
    while (!open.empty()) {
      const ExpressionIndex index = open.back();
      open.pop_back();
      if (seen.insert(index).second) look(rules_.expressions[index], found, open);
    }
    return {found.begin(), found.end()};
  }

 private:
  void look(const Expression& node, std::set<MaskIndex>& found, std::vector<ExpressionIndex>& open) {
    const auto add = [&](InputSource source, std::uint32_t index) {
      if (const auto known = presences_.find({source, index}); known != presences_.end()) found.insert(known->second);
    };
    switch (node.kind) {
      case ExpressionKind::is_present:
      case ExpressionKind::is_missing:
        return;
      case ExpressionKind::let: {
        std::optional<std::vector<MaskIndex>>& known = lets_[node.index];
        if (!known) known = presences_of(rules_.lets[node.index].value);
        found.insert(known->begin(), known->end());
        return;
      }
      case ExpressionKind::event_column:
        return add(InputSource::field, node.index);
      case ExpressionKind::feature:
        return add(InputSource::feature, node.index);
      case ExpressionKind::fact:
        return add(InputSource::feature, rules_.fact_column(node.index));
      case ExpressionKind::call:
        if (node.function == Function::coalesce) return;
        break;
      default:
        break;
    }
    open.insert(open.end(), node.operands.begin(), node.operands.end());
  }

  const CheckedRules& rules_;
  std::map<std::pair<InputSource, std::uint32_t>, MaskIndex> presences_;
  std::vector<std::optional<std::vector<MaskIndex>>> lets_;
};

// Rows behind a rule's end are not judged by it.
std::uint64_t before_end(const EventBatch& batch, std::size_t block, std::uint64_t rows, std::int64_t expires_ms) {
  if (expires_ms == never_expires) return rows;
  std::uint64_t kept = rows;
  for_each_row(rows, [&](std::size_t row) {
    if (batch.time().integers[block * block_rows + row] >= expires_ms) kept &= ~(std::uint64_t{1} << row);
  });
  return kept;
}

}  // namespace

std::vector<MissingValues> find_missing_values(const CheckedRules& rules, const CompiledRules& compiled) {
  ValueFinder finder(rules, compiled.judge);
  std::map<std::vector<MaskIndex>, std::vector<std::uint32_t>> groups;
  for (std::uint32_t rule = 0; rule < compiled.rules.size(); ++rule) {
    std::vector<MaskIndex> presences = finder.presences_of(rules.rules[compiled.rules[rule].index].when);
    if (!presences.empty()) groups[std::move(presences)].push_back(rule);
  }
  std::vector<MissingValues> found;
  for (auto& [presences, members] : groups) found.push_back({presences, std::move(members)});
  return found;
}

void count_undecided(const CompiledRules& compiled, const ProgramMemory& memory, const EventBatch& batch, std::size_t block,
                     std::uint64_t judged, DecisionBatch& decisions) {
  for (const MissingValues& values : compiled.missing_values) {
    std::uint64_t present = judged;
    for (const MaskIndex presence : values.presences) present &= memory.mask(presence);
    const std::uint64_t missing = judged & ~present;
    if (missing == 0) continue;
    for (const std::uint32_t index : values.rules) {
      const CompiledRule& rule = compiled.rules[index];
      std::uint64_t rows = missing & ~(memory.mask(rule.fired) | memory.mask(rule.failed) | memory.mask(rule.shadow));
      if (rule.on != 0) rows &= batch.rows_of(rule.on, block);
      rows = before_end(batch, block, rows, rule.expires_ms);
      if (rows != 0) decisions.undecided.push_back({rule.index, static_cast<std::uint32_t>(std::popcount(rows))});
    }
  }
}

}  // namespace weir::evaluate
