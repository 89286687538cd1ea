#include "engine/app/test_report_text.h"

#include <fmt/format.h>

#include "engine/base/counted.h"
#include "engine/base/diagnostic.h"
#include "engine/base/json_text.h"

namespace weir {
namespace {

constexpr std::size_t expectations_told_max = 1'000;  // to people; programs are told all

// Also what XML cannot hold: control characters become blanks.
std::string xml_of(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte == '<') {
      out += "&lt;";
    } else if (byte == '>') {
      out += "&gt;";
    } else if (byte == '&') {
      out += "&amp;";
    } else if (byte == '"') {
      out += "&quot;";
    } else {
      out += static_cast<unsigned char>(byte) < 0x20 && byte != '\n' ? ' ' : byte;
    }
  }
  return out;
}

// Visits every run with its test, grouped by file as the tests are.
template <typename Action>
void each_run(const std::vector<TestedRules>& tested, Action action) {
  for (const TestedRules& set : tested)
    for (const TestRun& run : set.report.runs) action(set.rules->tests[run.test], run);
}

std::string story_text(const TestFailure& failure, std::string_view indent) {
  std::string out;
  for (const std::string& line : failure.story) out += fmt::format("{}{}\n", indent, line);
  return out;
}

void append_files(std::string& out, const std::vector<TestedRules>& tested) {
  const SourceFile* file = nullptr;
  std::size_t passed = 0;
  std::size_t failed = 0;
  const auto line = [&] {
    if (file == nullptr) return;
    out += failed == 0 ? fmt::format("{}: {} passed\n", file->path, counted(passed, "test"))
                       : fmt::format("{}: {} of {} failed\n", file->path, failed, counted(passed + failed, "test"));
  };
  each_run(tested, [&](const CheckedTest& test, const TestRun& run) {
    if (test.file != file) {
      line();
      file = test.file;
      passed = failed = 0;
    }
    ++(run.failures.empty() ? passed : failed);
  });
  line();
}

void append_coverage(std::string& out, const TestedRules& set) {
  if (set.report.coverage.empty()) return;
  std::size_t fired = 0;
  std::size_t branches = 0;
  std::size_t covered = 0;
  std::string gaps;
  for (const RuleCoverage& rule : set.report.coverage) {
    fired += rule.fired > 0 ? 1 : 0;
    const std::string& name = set.rules->rules[rule.rule].name;
    if (rule.fired == 0) gaps += fmt::format("  {}: never fired\n", name);
    for (const BranchCoverage& branch : rule.branches) {
      ++branches;
      if (branch.seen_true && branch.seen_false) {
        ++covered;
      } else {
        const std::string_view gap = branch.seen_true ? "never false" : branch.seen_false ? "never true" : "never judged";
        gaps += fmt::format("  {}: {}: {}\n", name, gap, branch.text);
      }
    }
  }
  out += fmt::format("coverage: {} of {} fired, {} of {} seen true and false\n{}", fired, counted(set.report.coverage.size(), "rule"),
                     covered, counted(branches, "operand"), gaps);
  if (set.report.has_more_branches) out += fmt::format("coverage: operands beyond the first {} were not looked at\n", branches_max);
}

}  // namespace

std::string report_text(const std::vector<TestedRules>& tested, bool colour) {
  std::string out;
  std::size_t runs = 0;
  std::size_t failed = 0;
  std::size_t expectations = 0;
  for (const TestedRules& set : tested) {
    runs += set.report.runs.size();
    failed += set.report.failed();
    for (const TestRun& run : set.report.runs)
      for (const TestFailure& failure : run.failures)
        if (++expectations <= expectations_told_max) out += render(failure.diagnostic, colour) + story_text(failure, "  ") + "\n";
  }
  if (expectations > expectations_told_max)
    out += fmt::format("{} more expectations were not met\n\n", expectations - expectations_told_max);
  append_files(out, tested);
  for (const TestedRules& set : tested) append_coverage(out, set);
  if (runs == 0) return out + "there are no tests; a `test` block in a rules file is one\n";
  if (failed > 0) return out + fmt::format("{} of {} failed\n", failed, counted(runs, "test"));
  return out + fmt::format("{} passed\n", counted(runs, "test"));
}

std::string report_json(const std::vector<TestedRules>& tested) {
  std::string tests;
  each_run(tested, [&](const CheckedTest& test, const TestRun& run) {
    std::string failures;
    for (const TestFailure& failure : run.failures) {
      const LineColumn place = line_column(*test.file, failure.diagnostic.span.begin);
      std::string story;
      for (const std::string& line : failure.story) story += (story.empty() ? "" : ", ") + json_of(line);
      failures +=
          fmt::format("{}{{\"line\": {}, \"column\": {}, \"message\": {}, \"label\": {}, \"story\": [{}]}}", failures.empty() ? "" : ", ",
                      place.line, place.column, json_of(failure.diagnostic.message), json_of(failure.diagnostic.label), story);
    }
    tests += fmt::format("{}  {{\"title\": {}, \"file\": {}, \"line\": {}, \"passed\": {}, \"took_us\": {}, \"failures\": [{}]}}",
                         tests.empty() ? "\n" : ",\n", json_of(test.title), json_of(test.file->path),
                         line_column(*test.file, test.span.begin).line, run.failures.empty(), run.took_us, failures);
  });
  std::string coverage;
  for (const TestedRules& set : tested) {
    for (const RuleCoverage& rule : set.report.coverage) {
      std::string branches;
      for (const BranchCoverage& branch : rule.branches)
        branches += fmt::format("{}{{\"text\": {}, \"seen_true\": {}, \"seen_false\": {}}}", branches.empty() ? "" : ", ",
                                json_of(branch.text), branch.seen_true, branch.seen_false);
      coverage += fmt::format("{}  {{\"rule\": {}, \"fired\": {}, \"branches\": [{}]}}", coverage.empty() ? "\n" : ",\n",
                              json_of(set.rules->rules[rule.rule].name), rule.fired, branches);
    }
  }
  return fmt::format("{{\"tests\": [{}], \"coverage\": [{}]}}\n", tests.empty() ? tests : tests + "\n",
                     coverage.empty() ? coverage : coverage + "\n");
}

std::string report_junit(const std::vector<TestedRules>& tested) {
  std::string cases;
  std::size_t runs = 0;
  std::size_t failed = 0;
  each_run(tested, [&](const CheckedTest& test, const TestRun& run) {
    ++runs;
    failed += run.failures.empty() ? 0 : 1;
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.6f}\"", xml_of(test.file->path),
                         xml_of(test.title), xml_of(test.file->path), line_column(*test.file, test.span.begin).line,
                         static_cast<double>(run.took_us) / 1e6);
    if (run.failures.empty()) {
      cases += "/>\n";
      return;
    }
    cases += ">\n";
    for (const TestFailure& failure : run.failures)
      cases += fmt::format("      <failure message=\"{}\">{}{}</failure>\n", xml_of(failure.diagnostic.label),
                           xml_of(render(failure.diagnostic, false)), xml_of(story_text(failure, "  ")));
    cases += "    </testcase>\n";
  });
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"weir\" tests=\"{}\" failures=\"{}\">\n{}"
      "  </testsuite>\n</testsuites>\n",
      runs, failed, cases);
}

}  // namespace weir
