// Runs a fuzz target over a folder of inputs, and over every input cut short and with one byte changed: a smoke test for any compiler.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

constexpr std::size_t changes_a_file = 64;

std::size_t run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  return 1;
}

std::size_t run_with_changes(const std::string& input) {
  std::size_t runs = run(input);
  const std::size_t step = input.size() / changes_a_file + 1;
  constexpr std::string_view replacements = "\"'{}[]:,\n\t-#&*!|>%@`\\$";
  for (std::size_t at = 0; at < input.size(); at += step) {
    runs += run(input.substr(0, at));
    std::string changed = input;
    changed[at] = replacements[at % replacements.size()];
    runs += run(changed);
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t runs = 0;
  for (int index = 1; index < argc; ++index) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[index])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      runs += run_with_changes({std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()});
    }
  }
  std::printf("%zu inputs\n", runs);
  return runs == 0 ? 1 : 0;
}
