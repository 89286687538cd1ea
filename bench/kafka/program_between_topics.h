// A program under measurement that reads one topic and writes others, as a benchmark's command line names it.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/kafka/bench_topics.h"

namespace weir::bench {

struct ProgramBetweenTopics {
  std::string brokers;
  std::string size = "S";  // of the workload
  TopicName input{"payments", 8};
  TopicName output{"decisions", 8};
  std::string dead_letters;  // empty: the program gives an output for every record
  std::string log = "/dev/null";
  std::vector<std::string> command;

  void add_options(CLI::App& app);
  // After the command line is read: the topics that the program writes.
  std::vector<TopicName> outputs() const;
  void create_topics() const;
};

}  // namespace weir::bench
