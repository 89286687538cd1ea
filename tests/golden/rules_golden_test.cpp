// Every folder of tests/golden/rules holds .rules files and what checking them prints. GOLDEN_UPDATE=1 writes the expectations anew.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/diagnostic.h"
#include "rules/language/check_rules.h"
#include "rules/language/error_codes.h"
#include "rules/testing/run_tests.h"

namespace weir {
namespace {

const std::filesystem::path golden_folder = std::filesystem::path(WEIR_SOURCE_DIR) / "tests/golden/rules";

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> cases() {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder))
    if (entry.is_directory()) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

// A line of `expressions`: "filter: amount > 0" or "when: outcome == block".
std::string check_expressions(const std::filesystem::path& path, CheckedRules& rules) {
  std::istringstream lines(read(path));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    const bool filter = line.substr(0, colon) == "filter";
    const SourceFile file{filter ? "filter" : "when", line.substr(colon + 2)};
    Diagnostics diagnostics;
    const auto checked = check_expression(file, filter ? ExpressionScope::event : ExpressionScope::decision, rules, diagnostics);
    text += "--- " + line + '\n' + (diagnostics.empty() ? "" : render(diagnostics, false)) + (checked ? "accepted\n" : "refused\n");
  }
  return text;
}

constexpr std::int64_t now_ms = 1'793'491'200'000;  // 2026-11-01: expiry is warned about as on that day
constexpr std::int64_t expiry_warning_ms = std::int64_t{30} * 24 * 60 * 60 * 1000;

// What its own tests find.
std::string failures_of(CheckedRules& rules) {
  const Result<TestReport> report = run_tests(rules, {});
  if (!report) return report.error().text + '\n';
  std::string text;
  for (const TestRun& run : report.value().runs) {
    for (const TestFailure& failure : run.failures) {
      text += render(failure.diagnostic, false);
      for (const std::string& line : failure.story) text += "  " + line + '\n';
    }
  }
  return text + std::to_string(report.value().failed()) + " of " + std::to_string(report.value().runs.size()) + " tests failed\n";
}

// What `weir check` would print for the folder, with its own path left out.
std::string check_folder(const std::filesystem::path& folder) {
  std::vector<SourceFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".rules") files.push_back({entry.path().filename().string(), read(entry.path())});
  std::sort(files.begin(), files.end(), [](const SourceFile& left, const SourceFile& right) { return left.path < right.path; });
  Diagnostics diagnostics;
  CheckOptions options{folder.string(), now_ms, folder.filename() == "R0706_strict"};
  options.expiry_warning_ms = expiry_warning_ms;
  std::optional<CheckedRules> rules = check_rules(files, options, diagnostics);
  std::string text = diagnostics.empty() ? "" : render(diagnostics, false);
  text += rules ? "accepted: " + std::to_string(rules->rules.size()) + " rules, " + std::to_string(rules->features.size()) + " features\n"
                : "refused\n";
  if (rules && !rules->tests.empty()) text += failures_of(*rules);
  if (rules && std::filesystem::exists(folder / "expressions")) text += check_expressions(folder / "expressions", *rules);
  const std::string prefix = folder.string() + "/";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
  return text;
}

TEST(RulesGolden, DiagnosticsAreThoseOfTheFolders) {
  const bool update = std::getenv("GOLDEN_UPDATE") != nullptr;
  for (const std::filesystem::path& folder : cases()) {
    SCOPED_TRACE(folder.filename().string());
    const std::string actual = check_folder(folder);
    if (update) {
      std::ofstream(folder / "expected", std::ios::binary) << actual;
    } else {
      EXPECT_EQ(actual, read(folder / "expected"));
    }
  }
}

TEST(RulesGolden, EveryCodeHasACase) {
  std::string all;
  for (const std::filesystem::path& folder : cases()) all += read(folder / "expected");
  for (const ErrorCode& code : all_rule_error_codes())
    EXPECT_NE(all.find("[" + std::string(code.code) + "]"), std::string::npos) << code.code;
}

TEST(RulesGolden, TheShippedRulesHaveNothingToComplainAbout) {
  const std::filesystem::path config = std::filesystem::path(WEIR_SOURCE_DIR) / "config";
  const std::vector<SourceFile> files{{"payments.rules", read(config / "rules/payments.rules")}};
  Diagnostics diagnostics;
  EXPECT_TRUE(check_rules(files, {config.string()}, diagnostics).has_value());
  EXPECT_TRUE(diagnostics.empty()) << render(diagnostics, false);
}

}  // namespace
}  // namespace weir
