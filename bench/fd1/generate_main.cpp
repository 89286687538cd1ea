// fd1_generate: writes the FD-1 workload as JSON lines to a file or standard output.
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "bench/fd1/workload.h"

int main(int argc, char** argv) {
  CLI::App program{"Writes the FD-1 workload as JSON lines. The same size and seed give the same bytes."};
  std::string size_name = "S";
  std::uint64_t seed = 1;
  std::string path = "-";
  bool with_keys = false;
  program.add_option("--size", size_name, "T (tests), S, FULL or L")->check(CLI::IsMember({"T", "S", "FULL", "L"}));
  program.add_option("--seed", seed, "of the random numbers");
  program.add_option("--to", path, "file; - is standard output");
  program.add_flag("--with-keys", with_keys, "begin each line with the record's key and a tab");
  CLI11_PARSE(program, argc, argv);

  std::FILE* out = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  if (out == nullptr) {
    std::fprintf(stderr, "cannot write %s\n", path.c_str());
    return 70;
  }
  weir::fd1::Workload workload(*weir::fd1::workload_size(size_name), seed);
  weir::fd1::WorkloadRecord record;
  std::size_t bytes = 0;
  std::size_t records = 0;
  bool written = true;
  while (written && workload.next(record)) {
    if (with_keys) written = std::fprintf(out, "%s\t", record.key.c_str()) > 0;
    record.value += '\n';
    written = written && std::fwrite(record.value.data(), 1, record.value.size(), out) == record.value.size();
    bytes += record.value.size() - 1;
    ++records;
  }
  written = std::fclose(out) == 0 && written;
  if (!written) {
    std::fprintf(stderr, "cannot write all of %s\n", path.c_str());
    return 70;
  }
  std::fprintf(stderr, "%zu records, %.1f bytes each\n", records, static_cast<double>(bytes) / static_cast<double>(records));
  return 0;
}
