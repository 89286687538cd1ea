// fd1_generate: writes the FD-1 workload as JSON lines, or produces it into a topic.
#include <cstdio>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "bench/fd1/workload.h"
#include "bench/kafka/bench_topics.h"

namespace weir::bench {
namespace {

struct Settings {
  std::string size = "S";
  std::uint64_t seed = 1;
  std::string path = "-";
  bool with_keys = false;
  std::string brokers;
  TopicName topic{"payments", 8};
};

// Where records go: a file, standard output or a topic.
class Destination {
 public:
  explicit Destination(const Settings& settings) : with_keys_(settings.with_keys) {
    if (!settings.brokers.empty()) {
      create_topic(settings.brokers, settings.topic);
      filler_.emplace(settings.brokers, settings.topic, false);
    } else {
      file_ = settings.path == "-" ? stdout : std::fopen(settings.path.c_str(), "wb");
      if (file_ == nullptr) fail("cannot write " + settings.path);
    }
  }

  void write(fd1::WorkloadRecord& record) {
    if (filler_) {
      filler_->produce(record.key, record.value);
      return;
    }
    if (with_keys_) record.value.insert(0, record.key + "\t");
    record.value += '\n';
    if (std::fwrite(record.value.data(), 1, record.value.size(), file_) != record.value.size()) fail("cannot write all records");
  }

  void close() {
    if (filler_) filler_->flush();
    if (file_ != nullptr && std::fclose(file_) != 0) fail("cannot write all records");
  }

 private:
  bool with_keys_;
  std::FILE* file_ = nullptr;
  std::optional<TopicFiller> filler_;
};

void run(const Settings& settings) {
  Destination destination(settings);
  fd1::Workload workload(*fd1::workload_size(settings.size), settings.seed);
  fd1::WorkloadRecord record;
  std::size_t bytes = 0;
  std::size_t records = 0;
  while (workload.next(record)) {
    bytes += record.value.size();
    ++records;
    destination.write(record);
  }
  destination.close();
  std::fprintf(stderr, "%zu records, %.1f bytes each\n", records, static_cast<double>(bytes) / static_cast<double>(records));
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  CLI::App program{"Writes the FD-1 workload as JSON lines or into a topic. The same size and seed give the same bytes."};
  Settings settings;
  program.add_option("--size", settings.size, "T (tests), S, FULL or L")->check(CLI::IsMember({"T", "S", "FULL", "L"}));
  program.add_option("--seed", settings.seed, "of the random numbers");
  program.add_option("--to", settings.path, "file; - is standard output");
  program.add_flag("--with-keys", settings.with_keys, "begin each line with the record's key and a tab");
  program.add_option("--brokers", settings.brokers, "produce to Kafka instead, keyed by card");
  program.add_option("--topic", settings.topic.name, "to make");
  program.add_option("--partitions", settings.topic.partitions);
  CLI11_PARSE(program, argc, argv);
  run(settings);
  return 0;
}
