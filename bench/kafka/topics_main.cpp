// bench_topics: deletes topics of the benchmark, or prints librdkafka's version.
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/kafka/bench_topics.h"

int main(int argc, char** argv) {
  CLI::App program{"Deletes topics of the benchmark, or prints librdkafka's version."};
  program.require_subcommand(1);
  std::string brokers;
  std::vector<std::string> names;
  CLI::App* remove = program.add_subcommand("delete", "remove topics");
  remove->add_option("--brokers", brokers)->required();
  remove->add_option("topics", names)->required();
  CLI::App* version = program.add_subcommand("version", "of librdkafka");
  CLI11_PARSE(program, argc, argv);
  if (version->parsed()) std::printf("%s\n", rd_kafka_version_str());
  if (remove->parsed()) weir::bench::delete_topics(brokers, names);
  return 0;
}
