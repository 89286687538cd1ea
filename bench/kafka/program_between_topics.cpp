#include "bench/kafka/program_between_topics.h"

namespace weir::bench {

void ProgramBetweenTopics::add_options(CLI::App& app) {
  app.add_option("--brokers", brokers)->required();
  app.add_option("--size", size, "of the workload that records are taken from")->check(CLI::IsMember({"T", "S", "FULL", "L"}));
  app.add_option("--in", input.name, "topic to make and to fill");
  app.add_option("--out", output.name, "topic to make, where the program's outputs go");
  app.add_option("--dead-letters", dead_letters, "topic to make for dead letters; without it every record gives an output");
  app.add_option("--partitions", input.partitions, "of both topics");
  app.add_option("--log", log, "where the program's own output goes");
  app.add_option("command", command, "the program and its arguments, after --")->required();
  app.parse_complete_callback([this] { output.partitions = input.partitions; });
}

std::vector<TopicName> ProgramBetweenTopics::outputs() const {
  std::vector<TopicName> topics{output};
  if (!dead_letters.empty()) topics.push_back({dead_letters, 1});
  return topics;
}

void ProgramBetweenTopics::create_topics() const {
  create_topic(brokers, input);
  for (const TopicName& topic : outputs()) create_topic(brokers, topic);
}

}  // namespace weir::bench
