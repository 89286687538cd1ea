#include "engine/control/rule_status.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "engine/base/byte_buffer.h"
#include "engine/base/decimal.h"
#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"

namespace weir {
namespace {

void add_flips(const RuleCounters& counters, std::size_t rule, RuleStatus& status) {
  const std::vector<std::string>& outcomes = counters.vocabulary().outcomes;
  for (std::size_t from = 0; from < outcomes.size(); ++from) {
    for (std::size_t to = 0; to < outcomes.size(); ++to) {
      const std::uint64_t count = counters.flips(rule, static_cast<OutcomeIndex>(from), static_cast<OutcomeIndex>(to));
      if (count == 0) continue;
      const auto same = [&](const FlipCount& flip) { return flip.from == outcomes[from] && flip.to == outcomes[to]; };
      const auto known = std::find_if(status.flips.begin(), status.flips.end(), same);
      if (known != status.flips.end())
        known->count += count;
      else
        status.flips.push_back({outcomes[from], outcomes[to], count});
    }
  }
}

std::string percent_text(std::int64_t share) {
  ByteBuffer text;
  append_decimal(text, share, canary_share_scale);
  return std::string(text.view()) + "%";
}

std::string mode_text(const RuleStatus& rule) {
  std::string text(to_string(rule.mode));
  if (rule.mode == RuleMode::canary) text += " " + percent_text(rule.canary_share);
  return text;
}

std::string time_text(std::int64_t ms) {
  ByteBuffer text;
  append_timestamp(text, ms);
  return std::string(text.view());
}

}  // namespace

std::vector<RuleStatus> look_at_rules(const std::vector<std::shared_ptr<const RuleCounters>>& counters) {
  std::vector<RuleStatus> rules;
  std::unordered_map<std::string, std::size_t> known;
  for (const std::shared_ptr<const RuleCounters>& one : counters) {
    const std::vector<RuleDescription>& described = one->vocabulary().rules;
    for (std::size_t rule = 0; rule < described.size(); ++rule) {
      const auto [at, added] = known.try_emplace(described[rule].name, rules.size());
      if (added) {
        rules.emplace_back();
        rules.back().name = described[rule].name;
      }
      RuleStatus& status = rules[at->second];
      status.mode = described[rule].mode;
      status.canary_share = described[rule].canary_share;
      status.expires_ms = described[rule].expires_ms;
      status.fired += one->fired(rule);
      status.in_shadow += one->in_shadow(rule);
      status.errors += one->errors(rule);
      status.undecided += one->undecided(rule);
      if (one->in_shadow(rule) != 0) add_flips(*one, rule, status);
    }
  }
  return rules;
}

std::string rule_text(const RuleStatus& rule) {
  std::string text = rule.name + "  " + mode_text(rule) + "  fired " + std::to_string(rule.fired);
  if (rule.mode == RuleMode::shadow || rule.mode == RuleMode::canary) text += "  in shadow " + std::to_string(rule.in_shadow);
  for (const FlipCount& flip : rule.flips) text += "  " + flip.from + " -> " + flip.to + " " + std::to_string(flip.count);
  if (rule.errors != 0) text += "  errors " + std::to_string(rule.errors);
  if (rule.undecided != 0) text += "  a value missing " + std::to_string(rule.undecided);
  if (rule.expires_ms != never_expires) text += "  expires " + time_text(rule.expires_ms);
  return text;
}

std::string rules_json(const std::vector<RuleStatus>& rules) {
  ByteBuffer out;
  const auto member = [&out](std::string_view name, std::string_view value) {
    out.append(name);
    append_json_string(out, value);
  };
  const auto number = [&out](std::string_view name, std::uint64_t value) {
    out.append(name);
    append_integer(out, static_cast<std::int64_t>(value));
  };
  out.append("{\"rules\":[");
  for (const RuleStatus& rule : rules) {
    if (&rule != rules.data()) out.append(',');
    member("{\"rule\":", rule.name);
    member(",\"mode\":", to_string(rule.mode));
    if (rule.mode == RuleMode::canary) member(",\"share\":", percent_text(rule.canary_share));
    if (rule.expires_ms != never_expires) member(",\"expires\":", time_text(rule.expires_ms));
    number(",\"fired\":", rule.fired);
    number(",\"shadow\":", rule.in_shadow);
    number(",\"errors\":", rule.errors);
    number(",\"undecided\":", rule.undecided);
    out.append(",\"flips\":[");
    for (const FlipCount& flip : rule.flips) {
      if (&flip != rule.flips.data()) out.append(',');
      member("{\"from\":", flip.from);
      member(",\"to\":", flip.to);
      number(",\"count\":", flip.count);
      out.append('}');
    }
    out.append("]}");
  }
  out.append("]}");
  return std::string(out.view());
}

}  // namespace weir
