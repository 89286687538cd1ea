// Lists of ten million entries: how long reading one takes, what it costs in memory, and what a question costs. Each checks itself first.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/base/check.h"
#include "engine/base/random.h"
#include "rules/language/list_reader.h"

namespace weir {
namespace {

constexpr std::size_t entries = 10'000'000;
constexpr std::size_t blocks = 4'096;  // of 64 questions, half of them about entries

// Card numbers of sixteen digits, each once, in no order; an odd multiplier permutes the residues.
std::string card(std::size_t number) {
  return "4" + std::to_string(100'000'000'000'000 + (number * 2'654'435'761U) % (std::size_t{1} << 40));
}

class ListFile {
 public:
  explicit ListFile(const std::string& name) : path_((std::filesystem::temp_directory_path() / name).string()) {
    std::ofstream file(path_, std::ios::binary);
    std::string text;
    for (std::size_t number = 0; number < entries; ++number) {
      text += card(number);
      text += '\n';
      if (text.size() < (std::size_t{1} << 20)) continue;
      file << text;
      text.clear();
    }
    file << text;
  }
  ~ListFile() { std::filesystem::remove(path_); }
  ListFile(const ListFile&) = delete;
  ListFile& operator=(const ListFile&) = delete;

  ValueSet read(ValueType type) const {
    std::vector<ListProblem> problems;
    std::optional<ValueSet> set = read_list_file(path_, "", type, 0, problems);
    WEIR_CHECK(set.has_value() && problems.empty() && set->size() == entries);
    return *set;
  }

 private:
  std::string path_;
};

void read_ten_million(benchmark::State& state) {
  const auto type = static_cast<ValueType>(state.range(0));
  const ListFile file("weir-lists-bench.txt");
  for (auto _ : state) {
    const ValueSet set = file.read(type);
    const std::size_t beyond = set.memory_bytes() - (set.texts ? set.texts->text_bytes() : 0);
    WEIR_CHECK(beyond <= 10 * entries + 1'024);
    state.counters["bytes_beyond_text"] = static_cast<double>(beyond) / static_cast<double>(entries);
  }
}
BENCHMARK(read_ten_million)
    ->Arg(static_cast<int>(ValueType::string))
    ->Arg(static_cast<int>(ValueType::integer))
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void ask_ten_million(benchmark::State& state) {
  const ListFile file("weir-lists-bench.txt");
  const ValueSet set = file.read(ValueType::string);
  Random random(7);
  std::vector<std::string> questions;
  std::vector<std::uint64_t> answers(blocks, 0);
  for (std::size_t at = 0; at < blocks * 64; ++at) {
    const bool inside = random.chance(0.5);
    questions.push_back(card(random.below(entries)) + (inside ? "" : "x"));
    answers[at / 64] |= static_cast<std::uint64_t>(inside) << (at % 64);
  }
  const std::vector<std::string_view> views(questions.begin(), questions.end());
  for (std::size_t block = 0; block < blocks; ++block)
    WEIR_CHECK(set.texts->contains_each(&views[block * 64], ~std::uint64_t{0}) == answers[block]);
  std::size_t block = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(set.texts->contains_each(&views[block * 64], ~std::uint64_t{0}));
    block = (block + 1) % blocks;
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(ask_ten_million);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
