// fd1_oracle: reads JSON lines, prints for each `id outcome score rules`; of malformed ones `! line-number`.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "bench/fd1/comparison.h"
#include "bench/fd1/oracle.h"

int main(int argc, char** argv) {
  CLI::App program{
      "What FD-1 must answer, one line a record: `id outcome score rules` (rules as r00,r07 or -), or `! line` for a malformed one."};
  std::string records = "-";
  std::string variant = "fd1c";
  program.add_option("records", records, "JSON lines; - is standard input");
  program.add_option("--variant", variant, "fd1c or fd1")->check(CLI::IsMember({"fd1c", "fd1"}));
  CLI11_PARSE(program, argc, argv);

  std::ifstream file;
  if (records != "-") {
    file.open(records, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", records.c_str());
      return 70;
    }
  }
  std::ios::sync_with_stdio(false);
  std::istream& in = records == "-" ? std::cin : file;

  weir::fd1::Oracle oracle(variant == "fd1c" ? weir::fd1::Variant::fd1c : weir::fd1::Variant::fd1);
  std::string line;
  std::size_t blocked = 0;
  std::size_t alerted = 0;
  std::size_t decided = 0;
  std::size_t fired = 0;
  std::size_t number = 0;
  while (std::getline(in, line)) {
    ++number;
    const auto event = weir::fd1::parse_event(line);
    if (!event) {
      std::printf("! %zu\n", number);
      continue;
    }
    const weir::fd1::OracleDecision decision = oracle.decide(*event);
    std::printf("%s %s\n", event->id.c_str(), weir::fd1::answer_text(decision).c_str());
    ++decided;
    const std::string_view outcome = decision.outcome();
    blocked += outcome == "block" ? 1 : 0;
    alerted += outcome == "alert" ? 1 : 0;
    fired += decision.rules.size();
  }
  const double share = decided == 0 ? 0 : 100.0 / static_cast<double>(decided);
  std::fprintf(stderr, "%zu records, %zu malformed, %zu decisions: %.2f %% blocked, %.2f %% alerted, %.2f rules fired an event\n", number,
               number - decided, decided, static_cast<double>(blocked) * share, static_cast<double>(alerted) * share,
               static_cast<double>(fired) * share / 100);
  return 0;
}
