// fd1_compare: decisions, from a file or a topic, against what fd1_oracle printed.
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "bench/fd1/comparison.h"
#include "bench/kafka/bench_topics.h"

namespace weir::bench {
namespace {

struct Settings {
  std::string oracle;
  std::string records;
  std::string brokers;
  std::string decisions;
  std::string dead_letters;
  int partitions = 8;
};

// The oracle's lines; the records are read beside them for the text of the malformed ones.
void expect(fd1::Comparison& comparison, const Settings& settings) {
  std::ifstream oracle(settings.oracle);
  std::ifstream records(settings.records);
  if (!oracle || !records) fail("cannot read " + settings.oracle + " or " + settings.records);
  std::string answer;
  std::string record;
  while (std::getline(records, record)) {
    if (!std::getline(oracle, answer)) fail(settings.records + " has more lines than the oracle answered");
    if (answer.starts_with("! ")) {
      comparison.expect_dead_letter(record);
    } else {
      const std::size_t end = answer.find(' ');
      comparison.expect_decision(answer.substr(0, end), answer.substr(end + 1));
    }
  }
}

void read_lines(const std::string& path, const std::function<void(std::string_view)>& take) {
  std::ifstream file(path);
  if (!file) fail("cannot read " + path);
  for (std::string line; std::getline(file, line);) take(line);
}

std::string_view value_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

int report(const fd1::Comparison::Summary& summary) {
  for (const std::string& complaint : summary.complaints) std::fprintf(stderr, "%s\n", complaint.c_str());
  std::printf(
      "{\"expected\":%zu,\"decisions\":%zu,\"missing\":%zu,\"dead_letters\":%zu,\"dead_letters_missing\":%zu,\"differences\":%zu}\n",
      summary.expected, summary.decisions, summary.missing, summary.dead_letters, summary.dead_letters_missing, summary.differences);
  return summary.differences == 0 ? 0 : 1;
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
  program.add_option("--dead-letters", settings.dead_letters, "a file of records as lines, or with --brokers a topic of one partition");
  program.add_option("--brokers", settings.brokers);
  program.add_option("--partitions", settings.partitions, "of the topic of decisions");
  CLI11_PARSE(program, argc, argv);

  weir::fd1::Comparison comparison;
  expect(comparison, settings);
  if (settings.brokers.empty()) {
    read_lines(settings.decisions, [&](std::string_view line) { comparison.decision(line); });
    if (!settings.dead_letters.empty()) read_lines(settings.dead_letters, [&](std::string_view line) { comparison.dead_letter(line); });
  } else {
    read_topic(settings.brokers, {settings.decisions, settings.partitions},
               [&](const rd_kafka_message_t& message) { comparison.decision(value_of(message)); });
    if (!settings.dead_letters.empty()) {
      read_topic(settings.brokers, {settings.dead_letters, 1},
                 [&](const rd_kafka_message_t& message) { comparison.dead_letter(value_of(message)); });
    }
  }
  return report(comparison.summary());
}
