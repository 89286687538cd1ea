// The rules that ship with the project: nothing to complain about, every rule fires in a test, and all tests pass.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "rules/language/check_rules.h"
#include "rules/testing/run_tests.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders_below(const fs::path& root) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().extension() == ".rules") folders.push_back(entry.path().parent_path());
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  return folders;
}

std::vector<SourceFile> files_of(const fs::path& folder) {
  std::vector<SourceFile> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".rules") continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    files.push_back({entry.path().string(), std::string{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()}});
  }
  std::sort(files.begin(), files.end(), [](const SourceFile& left, const SourceFile& right) { return left.path < right.path; });
  return files;
}

TEST(Examples, AreWithoutComplaintAndTested) {
  const std::vector<fs::path> folders = folders_below(fs::path(WEIR_SOURCE_DIR) / "config");
  EXPECT_GE(folders.size(), 13U);
  for (const fs::path& folder : folders) {
    SCOPED_TRACE(folder.string());
    const std::vector<SourceFile> files = files_of(folder);
    Diagnostics diagnostics;
    std::optional<CheckedRules> rules = check_rules(files, {}, diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << render(diagnostics, false);
    ASSERT_TRUE(rules.has_value());
    TestOptions options;
    options.coverage = true;
    const TestReport report = run_tests(*rules, options).take();
    EXPECT_GT(report.runs.size(), 0U);
    for (const TestRun& run : report.runs)
      for (const TestFailure& failure : run.failures) ADD_FAILURE() << render(failure.diagnostic, false);
    for (const RuleCoverage& rule : report.coverage) EXPECT_GT(rule.fired, 0U) << rules->rules[rule.rule].name << " fires in no test";
  }
}

}  // namespace
}  // namespace weir
