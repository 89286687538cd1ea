#include "engine/control/expiry_watch.h"

#include "engine/base/byte_buffer.h"
#include "engine/base/timestamp.h"

namespace weir {
namespace {

constexpr std::int64_t day_ms = std::int64_t{24} * 60 * 60 * 1000;

std::string days_text(std::int64_t days) {
  if (days == 0) return "within a day";
  return "in " + std::to_string(days) + (days == 1 ? " day" : " days");
}

}  // namespace

std::string expiry_text(const RuleStatus& rule, std::int64_t now_ms, std::int64_t warning_ms) {
  if (rule.expires_ms == never_expires || rule.mode == RuleMode::off || rule.expires_ms - now_ms > warning_ms) return {};
  ByteBuffer date;
  append_timestamp(date, rule.expires_ms);
  if (rule.expires_ms <= now_ms)
    return "rule " + rule.name + " has expired: events from " + std::string(date.view()) + " on are judged without it";
  return "rule " + rule.name + " expires " + days_text((rule.expires_ms - now_ms) / day_ms) + ", at " + std::string(date.view());
}

std::vector<std::string> ExpiryWatch::look(const std::vector<RuleStatus>& rules, std::int64_t now_ms) {
  std::vector<std::string> all;
  for (const RuleStatus& rule : rules) {
    std::string text = expiry_text(rule, now_ms, warning_ms_);
    if (text.empty()) continue;
    const Told now{rule.expires_ms, now_ms / day_ms, rule.expires_ms <= now_ms};
    Told& told = told_[rule.name];
    if (told == now) continue;
    told = now;
    all.push_back(std::move(text));
  }
  return all;
}

}  // namespace weir
