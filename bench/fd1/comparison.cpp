#include "bench/fd1/comparison.h"

#include <algorithm>
#include <simdjson.h>
#include <utility>

namespace weir::fd1 {
namespace {

constexpr std::size_t complaints_max = 20;

std::string rule_name(std::size_t rule) {
  return (rule < 10 ? "r0" : "r") + std::to_string(rule);
}

std::string joined(std::string_view outcome, long long score, const std::vector<std::string>& rules) {
  std::string text(outcome);
  text.append(" ").append(std::to_string(score));
  for (std::size_t i = 0; i < rules.size(); ++i) text.append(i == 0 ? " " : ",").append(rules[i]);
  return rules.empty() ? text.append(" -") : text;
}

std::string answer_of(const simdjson::dom::object& decision) {
  std::string_view outcome;
  double score = 0;
  simdjson::dom::array reasons;
  if (decision["outcome"].get(outcome) != simdjson::SUCCESS || decision["score"].get(score) != simdjson::SUCCESS ||
      decision["reasons"].get(reasons) != simdjson::SUCCESS) {
    return "outcome, score or reasons missing";
  }
  const auto whole = static_cast<long long>(score);
  if (static_cast<double>(whole) != score) return "a score with a fraction";
  std::vector<std::string> rules;
  for (const simdjson::dom::element reason : reasons) {
    std::string_view rule;
    if (reason["rule"].get(rule) != simdjson::SUCCESS) return "a reason without a rule";
    rules.emplace_back(rule);
  }
  std::sort(rules.begin(), rules.end());
  return joined(outcome, whole, rules);
}

}  // namespace

struct Comparison::Reader {
  simdjson::dom::parser parser;
};

std::string answer_text(const OracleDecision& decision) {
  std::vector<std::string> rules;
  for (const std::size_t rule : decision.rules) rules.push_back(rule_name(rule));
  return joined(decision.outcome(), decision.score, rules);
}

Comparison::Comparison() : reader_(std::make_unique<Reader>()) {}
Comparison::~Comparison() = default;

void Comparison::expect_decision(std::string id, std::string answer) {
  expected_.emplace(std::move(id), Expected{std::move(answer), 0});
}

void Comparison::expect_dead_letter(std::string record) {
  ++malformed_[std::move(record)];
}

void Comparison::decision(std::string_view json) {
  ++seen_.decisions;
  simdjson::dom::object object;
  std::string_view id;
  if (reader_->parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS || object["event_id"].get(id) != simdjson::SUCCESS) {
    return complain("not a decision with an event_id: " + std::string(json));
  }
  const auto found = expected_.find(std::string(id));
  if (found == expected_.end()) return complain("nobody asked about " + std::string(id));
  if (++found->second.seen > 1) complain(std::string(id) + " was decided more than once");
  if (const std::string answer = answer_of(object); answer != found->second.answer) {
    complain(std::string(id) + ": decided `" + answer + "`, the oracle says `" + found->second.answer + "`");
  }
}

void Comparison::dead_letter(std::string_view record) {
  ++seen_.dead_letters;
  const auto found = malformed_.find(std::string(record));
  if (found == malformed_.end() || found->second == 0) return complain("a dead letter that is no malformed record: " + std::string(record));
  --found->second;
}

Comparison::Summary Comparison::summary() const {
  Summary summary = seen_;
  summary.expected = expected_.size();
  for (const auto& [id, expected] : expected_) {
    if (expected.seen > 0) continue;
    if (++summary.missing <= 3) summary.complaints.push_back("no decision for " + id);
  }
  for (const auto& [record, count] : malformed_) {
    summary.dead_letters_missing += count;
    if (count > 0 && summary.dead_letters_missing <= 3) summary.complaints.push_back("no dead letter for " + record);
  }
  summary.differences += summary.missing + summary.dead_letters_missing;
  return summary;
}

void Comparison::complain(std::string text) {
  if (++seen_.differences <= complaints_max) seen_.complaints.push_back(std::move(text));
}

}  // namespace weir::fd1
