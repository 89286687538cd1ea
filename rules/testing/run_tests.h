// Runs the `test` blocks of a rule set through the same code as the service. Control plane; on the caller's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/base/result.h"
#include "rules/language/checked_rules.h"
#include "rules/testing/test_lane.h"

namespace weir {

struct TestFailure {
  Diagnostic diagnostic;           // R0710 at the expectation
  std::vector<std::string> story;  // the event, the rules that fired, and each value on the way: one line each
};

struct TestRun {
  std::size_t test = 0;  // index into CheckedRules::tests
  std::vector<TestFailure> failures;
  std::int64_t took_us = 0;
};

// An operand of `and` or `or`, and what the tests saw of it.
struct BranchCoverage {
  std::string text;
  bool seen_true = false;
  bool seen_false = false;
};

struct RuleCoverage {
  std::uint32_t rule = 0;  // index into CheckedRules::rules
  std::uint64_t fired = 0;
  std::vector<BranchCoverage> branches;
};

struct TestReport {
  std::vector<TestRun> runs;           // one a test, in order, up to where the time was over
  std::vector<RuleCoverage> coverage;  // of the rules that are not off; where asked for
  bool has_more_branches = false;      // beyond branches_max

  std::size_t failed() const;
};

constexpr std::size_t stories_max = 100;
constexpr std::size_t branches_max = 200'000;  // that coverage looks at; a let counts in each rule that uses it

struct TestOptions {
  bool story = true;  // a failed test is run a second time to tell it; the first `stories_max` of a run
  bool coverage = false;
  // When the run ends: tests that are not through by then count as not run. `give_up` is asked time and again.
  std::optional<std::chrono::milliseconds> time_max;
  std::function<bool()> give_up;
  TestTerms terms;
};

// `rules` is changed while it runs (lists that a test replaces) and as before afterwards. Fails only where the rules cannot be compiled.
Result<TestReport> run_tests(CheckedRules& rules, const TestOptions& options);

// For who publishes a rule set only when its tests pass.
struct TestVerdict {
  std::size_t passed = 0;
  std::size_t not_run = 0;  // when the time was over
  std::size_t failed = 0;   // expectations
  Diagnostics failures;     // the first ones of them, up to limits::diagnostics_max; also that the rules cannot be compiled

  std::string failures_text() const;  // in a few words
};

TestVerdict judge_by_tests(CheckedRules& rules, const TestTerms& terms = {},
                           const std::optional<std::chrono::milliseconds>& time_max = std::nullopt,
                           const std::function<bool()>& give_up = {});

}  // namespace weir
