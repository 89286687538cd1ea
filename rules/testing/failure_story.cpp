#include "rules/testing/failure_story.h"

#include <algorithm>

#include "engine/base/decimal.h"

namespace weir {

namespace {

constexpr std::size_t parts_max = 200;  // of one tree; what comes after is left out
constexpr std::size_t rules_shown_max = 3;

std::string score_text(std::int64_t score) {
  ByteBuffer out;
  append_decimal(out, score, score_scale);
  return std::string(out.view());
}

}  // namespace

std::string fired_text(const CheckedRules& rules, const LaneDecision& decision) {
  std::string text;
  for (const RuleNote& note : decision.fired) {
    const CheckedRule& rule = rules.rules[note.rule];
    std::string effect = rule.then == no_outcome ? "" : rules.policy.outcomes[rule.then];
    if (rule.score != 0) effect += (effect.empty() ? "score " : ", score ") + score_text(rule.score);
    if (note.shadow) effect = "shadow";
    text += (text.empty() ? "" : ", ") + rule.name + (effect.empty() ? "" : " (" + effect + ")");
  }
  return text.empty() ? "no rule fired" : "fired: " + text;
}

FailureStory::FailureStory(const CheckedRules& rules, const TestExpectation& expectation, const LaneDecision& decision)
    : rules_(rules), decision_(decision) {
  switch (expectation.kind) {
    case TestExpectation::Kind::outcome:
      add_rules_in_question(static_cast<OutcomeIndex>(expectation.index));
      break;
    case TestExpectation::Kind::rule:
    case TestExpectation::Kind::no_rule:
      add_rule(expectation.index);
      break;
    case TestExpectation::Kind::no_decision:
      break;
    case TestExpectation::Kind::condition:
      decided_ = true;
      trees_.push_back({"expected:", {}});
      add_parts(trees_.back(), expectation.condition, 0);
      break;
  }
}

void FailureStory::add_rule(std::uint32_t rule) {
  const CheckedRule& checked = rules_.rules[rule];
  const bool failed =
      std::any_of(decision_.errors.begin(), decision_.errors.end(), [rule](const RuleNote& note) { return note.rule == rule; });
  Tree tree;
  tree.title = "rule " + checked.name +
               (checked.mode == RuleMode::off ? " is off:"
                : decision_.has_fired(rule)   ? " fired:"
                : failed                      ? " could not be judged:"
                                              : " did not fire:");
  add_parts(tree, checked.when, 0);
  trees_.push_back(std::move(tree));
}

// First the rules that made the outcome what it is, then those that could have made it what was expected: by forcing it, or by a score that
// its band asks for.
void FailureStory::add_rules_in_question(OutcomeIndex outcome) {
  const auto add_fired = [this](auto wanted) {
    for (const RuleNote& note : decision_.fired)
      if (trees_.size() < rules_shown_max && !note.shadow && wanted(rules_.rules[note.rule])) add_rule(note.rule);
  };
  const auto add_others = [this](auto wanted) {
    for (std::uint32_t rule = 0; rule < rules_.rules.size() && trees_.size() < rules_shown_max; ++rule)
      if (rules_.rules[rule].mode != RuleMode::off && !decision_.has_fired(rule) && wanted(rules_.rules[rule])) add_rule(rule);
  };
  const auto forces = [this](const CheckedRule& rule) { return rule.then == decision_.outcome; };
  add_fired(forces);
  add_others([outcome](const CheckedRule& rule) { return rule.then == outcome; });
  // A rule that forced the outcome forced it whatever the score.
  const bool forced = std::any_of(decision_.fired.begin(), decision_.fired.end(),
                                  [&](const RuleNote& note) { return !note.shadow && forces(rules_.rules[note.rule]); });
  if (forced) return;
  const auto band = std::find_if(rules_.policy.bands.begin(), rules_.policy.bands.end(),
                                 [outcome](const ScoreBand& known) { return known.outcome == outcome; });
  const bool wants_more = band != rules_.policy.bands.end() && band->at_least > decision_.score;
  if (wants_more && trees_.empty()) add_others([](const CheckedRule& rule) { return rule.score > 0; });
  add_fired([forces](const CheckedRule& rule) { return rule.score != 0 && !forces(rule); });
}

void FailureStory::add_parts(Tree& tree, ExpressionIndex index, std::size_t depth) {
  index = written(rules_, index);
  const Expression& node = rules_.expressions[index];
  if (node.kind == ExpressionKind::literal || tree.parts.size() == parts_max) return;
  const bool told = std::any_of(tree.parts.begin(), tree.parts.end(), [index](const Part& part) { return part.index == index; });
  std::string text = written_text(rules_, index);
  if (node.kind == ExpressionKind::feature && node.index < rules_.feature_texts.size() && !rules_.feature_texts[node.index].empty())
    text += " = " + rules_.feature_texts[node.index];
  tree.parts.push_back({index, depth, std::move(text)});
  if (told) return;
  if (node.kind == ExpressionKind::let) add_parts(tree, rules_.lets[node.index].value, depth + 1);
  for (const ExpressionIndex operand : node.operands) add_parts(tree, operand, depth + 1);
}

WatchedExpressions FailureStory::watched(ValueObserver& observer) const {
  WatchedExpressions watched;
  watched.observer = &observer;
  for (const Tree& tree : trees_)
    for (const Part& part : tree.parts) (decided_ ? watched.decided : watched.judged).push_back(part.index);
  return watched;
}

std::vector<std::string> FailureStory::tell(const LaneEvent& event, const ValueNotes& notes) const {
  std::vector<std::string> lines;
  lines.push_back("event: " + event.document);
  if (!decision_.refused.empty()) lines.push_back("refused: " + decision_.refused);
  if (decision_.decided) lines.push_back("outcome " + rules_.policy.outcomes[decision_.outcome] + ", score " + score_text(decision_.score));
  for (const RuleNote& error : decision_.errors) lines.push_back("rule " + rules_.rules[error.rule].name + " failed: " + error.text);
  std::size_t watched = 0;
  for (const Tree& tree : trees_) {
    lines.push_back(tree.title);
    std::vector<std::string> values;
    std::size_t width = 0;
    for (std::size_t part = 0; part < tree.parts.size(); ++part) {
      values.push_back(notes.text(watched++));
      width = std::max(width, std::min<std::size_t>(values.back().size(), 32));
    }
    for (std::size_t part = 0; part < tree.parts.size(); ++part) {
      values[part].resize(std::max(width, values[part].size()), ' ');
      lines.push_back("  " + values[part] + "  " + std::string(2 * tree.parts[part].depth, ' ') + tree.parts[part].text);
    }
  }
  return lines;
}

}  // namespace weir
