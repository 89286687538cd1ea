// fd1_rules fd1c|fd1: writes the rules file to standard output.
#include <cstdio>
#include <string_view>

#include "bench/fd1/rules_text.h"

int main(int argc, char** argv) {
  using weir::fd1::Variant;
  const std::string_view name = argc == 2 ? argv[1] : "";
  if (name != "fd1c" && name != "fd1") {
    std::fputs("usage: fd1_rules fd1c|fd1\n", stderr);
    return 64;
  }
  const std::string text = weir::fd1::rules_text(name == "fd1c" ? Variant::fd1c : Variant::fd1);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 70;
}
