// fd1_compare: decisions against the oracle's: every event decided, once, with the same outcome, score and rules; every malformed record a
// dead letter, whole.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/kafka/bench_topics.h"

namespace weir::bench {
namespace {

constexpr std::size_t complaints_max = 20;

struct Settings {
  std::string oracle;
  std::string records;
  std::string brokers;
  std::string decisions;
  std::string dead_letters;
  int partitions = 8;
};

class Comparison {
 public:
  // Lines of fd1_oracle; `records` (the JSON lines) is read for the text of the malformed ones.
  void expect(const std::string& oracle_path, const std::string& records_path) {
    std::ifstream oracle(oracle_path);
    std::ifstream records(records_path);
    if (!oracle || !records) fail("cannot read " + oracle_path + " or " + records_path);
    std::string answer;
    std::string record;
    while (std::getline(oracle, answer) && std::getline(records, record)) {
      if (answer.starts_with("! ")) {
        ++malformed_[record];
        continue;
      }
      const std::size_t end = answer.find(' ');
      expected_.emplace(answer.substr(0, end), Expected{answer.substr(end + 1), 0});
    }
    if (std::getline(records, record)) fail(records_path + " has more lines than the oracle answered");
  }

  void decision(std::string_view json) {
    ++decisions_;
    simdjson::dom::object object;
    std::string_view id;
    if (parser_.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS || object["event_id"].get(id) != simdjson::SUCCESS) {
      complain("not a decision with an event_id: " + std::string(json));
      return;
    }
    const auto found = expected_.find(std::string(id));
    if (found == expected_.end()) {
      complain("nobody asked about " + std::string(id));
      return;
    }
    if (++found->second.seen > 1) complain(std::string(id) + " was decided more than once");
    if (const std::string answer = answer_of(object); answer != found->second.answer) {
      complain(std::string(id) + ": decided `" + answer + "`, the oracle says `" + found->second.answer + "`");
    }
  }

  void dead_letter(std::string_view value) {
    ++dead_letters_;
    const auto found = malformed_.find(std::string(value));
    if (found == malformed_.end() || found->second == 0) {
      complain("a dead letter that is no malformed record: " + std::string(value));
    } else {
      --found->second;
    }
  }

  int report() {
    std::size_t missing = 0;
    for (const auto& [id, expected] : expected_) {
      if (expected.seen == 0 && ++missing <= 3) complain("no decision for " + id);
    }
    std::size_t lost = 0;
    for (const auto& [record, count] : malformed_) lost += count;
    if (lost > 0) complain(std::to_string(lost) + " malformed records are no dead letters");
    std::printf("{\"expected\":%zu,\"decisions\":%zu,\"missing\":%zu,\"dead_letters\":%zu,\"differences\":%zu}\n", expected_.size(),
                decisions_, missing, dead_letters_, complaints_);
    return complaints_ == 0 ? 0 : 1;
  }

 private:
  struct Expected {
    std::string answer;  // "block 52 r00,r04"
    int seen = 0;
  };

  // `outcome score rules`, as the oracle writes it.
  static std::string answer_of(const simdjson::dom::object& object) {
    std::string_view outcome = "?";
    double score = -1;
    simdjson::dom::array reasons;
    std::vector<std::string> rules;
    if (object["outcome"].get(outcome) != simdjson::SUCCESS || object["score"].get(score) != simdjson::SUCCESS ||
        object["reasons"].get(reasons) != simdjson::SUCCESS) {
      return "outcome, score or reasons missing";
    }
    for (const simdjson::dom::element reason : reasons) {
      std::string_view rule = "?";
      if (reason["rule"].get(rule) != simdjson::SUCCESS) return "a reason without a rule";
      rules.emplace_back(rule);
    }
    std::sort(rules.begin(), rules.end());
    std::string text(outcome);
    text += ' ';
    text += std::to_string(static_cast<long long>(score));
    for (std::size_t i = 0; i < rules.size(); ++i) text += (i == 0 ? " " : ",") + rules[i];
    return rules.empty() ? text + " -" : text;
  }

  void complain(const std::string& text) {
    if (++complaints_ <= complaints_max) std::fprintf(stderr, "%s\n", text.c_str());
  }

  simdjson::dom::parser parser_;
  std::unordered_map<std::string, Expected> expected_;
  std::unordered_map<std::string, std::size_t> malformed_;  // how often each is still to come
  std::size_t decisions_ = 0;
  std::size_t dead_letters_ = 0;
  std::size_t complaints_ = 0;
};

void read_lines(const std::string& path, const std::function<void(std::string_view)>& take) {
  std::ifstream file(path);
  if (!file) fail("cannot read " + path);
  for (std::string line; std::getline(file, line);) take(line);
}

std::string_view value_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  CLI::App program{"Compares decisions with the oracle's answers. Exit 0: all equal; 1: differences, the first on stderr."};
  Settings settings;
  program.add_option("--oracle", settings.oracle, "what fd1_oracle printed")->required();
  program.add_option("--records", settings.records, "the JSON lines that it read")->required();
  program.add_option("--decisions", settings.decisions, "a file of JSON lines, or with --brokers a topic")->required();
  program.add_option("--dead-letters", settings.dead_letters, "with --brokers: a topic of one partition");
  program.add_option("--brokers", settings.brokers);
  program.add_option("--partitions", settings.partitions, "of the topic of decisions");
  CLI11_PARSE(program, argc, argv);

  Comparison comparison;
  comparison.expect(settings.oracle, settings.records);
  if (settings.brokers.empty()) {
    read_lines(settings.decisions, [&](std::string_view line) { comparison.decision(line); });
  } else {
    read_topic(settings.brokers, {settings.decisions, settings.partitions},
               [&](const rd_kafka_message_t& message) { comparison.decision(value_of(message)); });
    if (!settings.dead_letters.empty()) {
      read_topic(settings.brokers, {settings.dead_letters, 1},
                 [&](const rd_kafka_message_t& message) { comparison.dead_letter(value_of(message)); });
    }
  }
  return comparison.report();
}
