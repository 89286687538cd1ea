#include "rules/language/policy_checker.h"

#include <algorithm>

#include "engine/base/decimal.h"
#include "rules/language/limits.h"

namespace weir {

namespace {

class PolicyChecker {
 public:
  explicit PolicyChecker(Reporter& reporter) : reporter_(reporter) {}

  CheckedPolicy run(const SyntaxPolicy& syntax) {
    for (const SyntaxName& name : syntax.precedence) precedence(name);
    for (const SyntaxBand& band : syntax.bands) add(band);
    if (syntax.otherwise) {
      policy_.otherwise = outcome(*syntax.otherwise);
    } else if (!syntax.broken) {
      reporter_.error("R0502", syntax.span, "the policy does not say what happens otherwise", "", {"for example `otherwise -> allow`"});
    }
    return std::move(policy_);
  }

 private:
  void precedence(const SyntaxName& name) {
    const OutcomeIndex index = outcome(name);
    if (std::find(policy_.precedence.begin(), policy_.precedence.end(), index) != policy_.precedence.end()) {
      reporter_.error("R0502", name.span, "outcome " + in_backticks(name.text) + " stands in `precedence` twice");
    } else {
      policy_.precedence.push_back(index);
    }
  }

  OutcomeIndex outcome(const SyntaxName& name) {
    const auto found = std::find(policy_.outcomes.begin(), policy_.outcomes.end(), name.text);
    const auto index = static_cast<OutcomeIndex>(found - policy_.outcomes.begin());
    if (found != policy_.outcomes.end()) return index;
    if (policy_.outcomes.size() >= limits::outcomes_max) {
      reporter_.error("R0502", name.span, "a policy has at most " + std::to_string(limits::outcomes_max) + " outcomes");
      return 0;
    }
    policy_.outcomes.emplace_back(name.text);
    return index;
  }

  void add(const SyntaxBand& band) {
    const std::optional<std::int64_t> score = check_score(band.score, reporter_);
    const OutcomeIndex index = outcome(band.outcome);
    if (!score) return;
    if (policy_.bands.size() >= limits::bands_max) {
      reporter_.error("R0504", band.score.span, "a policy has at most " + std::to_string(limits::bands_max) + " bands");
    } else if (!policy_.bands.empty() && policy_.bands.back().at_least <= *score) {
      reporter_.error("R0504", band.score.span, "this band can never be reached", "the one above begins no higher",
                      {"write the bands from the highest score to the lowest"});
    } else {
      policy_.bands.push_back({*score, index});
    }
  }

  Reporter& reporter_;
  CheckedPolicy policy_;
};

}  // namespace

CheckedPolicy default_policy() {
  CheckedPolicy policy;
  policy.outcomes = {"block", "alert", "allow"};
  policy.precedence = {0, 1, 2};
  policy.otherwise = 2;
  return policy;
}

CheckedPolicy check_policy(const SyntaxPolicy& syntax, Reporter& reporter) {
  return PolicyChecker(reporter).run(syntax);
}

std::optional<OutcomeIndex> check_outcome(const SyntaxName& name, const CheckedPolicy& policy, Reporter& reporter) {
  std::vector<std::string_view> names;
  for (const OutcomeIndex index : policy.precedence) names.push_back(policy.outcomes[index]);
  const auto found = std::find(names.begin(), names.end(), name.text);
  if (found != names.end()) return policy.precedence[static_cast<std::size_t>(found - names.begin())];
  std::vector<std::string> help = did_you_mean(name.text, names);
  const bool declared = std::find(policy.outcomes.begin(), policy.outcomes.end(), name.text) != policy.outcomes.end();
  if (help.empty()) {
    std::string all;
    for (const std::string_view known : names) all += (all.empty() ? "" : ", ") + std::string(known);
    help = {(all.empty() ? "no outcomes can be forced" : "outcomes that can be forced are " + all) +
            "; another one is added to the policy's `precedence`"};
  }
  reporter.error("R0501", name.span,
                 declared ? "outcome " + in_backticks(name.text) + " has no place in the policy's `precedence`"
                          : "unknown outcome " + in_backticks(name.text),
                 declared ? "" : "the policy does not know it", std::move(help));
  return std::nullopt;
}

std::optional<std::int64_t> check_score(const SyntaxScore& score, Reporter& reporter) {
  const DecimalResult parsed = parse_decimal(score.text, score_scale);
  const std::int64_t largest = limits::score_max * power_of_ten(score_scale);
  if (parsed.error == DecimalError::none && parsed.scaled <= largest && parsed.scaled >= -largest) return parsed.scaled;
  const bool digits = parsed.error == DecimalError::too_many_digits_after_point;
  reporter.error("R0505", score.span,
                 digits ? "a score has at most " + std::to_string(score_scale) + " digits after the point"
                        : "a score is at most " + std::to_string(limits::score_max));
  return std::nullopt;
}

}  // namespace weir
