#include "rules/testing/run_tests.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "engine/base/counted.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/limits.h"
#include "rules/testing/event_text.h"
#include "rules/testing/failure_story.h"
#include "rules/testing/test_lane.h"
#include "rules/testing/value_notes.h"

namespace weir {

namespace {

using ScorerPointer = std::shared_ptr<const Scorer>;

// The events of one test in order, with the place of each step's last one. Among duplicates the first one tells what fired.
struct Script {
  std::vector<LaneEvent> events;
  std::vector<std::int64_t> last_of_step;
};

// The step as it is for its event `number`, counted from 1: `{n}` in the texts of a `given` is that number.
TestEvents numbered(TestEvents step, std::int64_t number) {
  if (step.judged) return step;
  constexpr std::string_view place = "{n}";
  const std::string text = std::to_string(number);
  for (TestField& field : step.fields)
    for (std::size_t at = 0; (at = field.value.text.find(place, at)) != std::string::npos; at += text.size())
      field.value.text.replace(at, place.size(), text);
  return step;
}

Script script_of(const CheckedRules& rules, const CheckedTest& test, bool with_duplicates) {
  Script script;
  std::int64_t clock_ms = test_clock_start_ms;
  for (const TestEvents& step : test.events) {
    clock_ms += step.after_ms;
    if (const auto own = own_time_ms(rules.event, step)) clock_ms = *own;
    for (std::int64_t index = 0; index < step.count; ++index) {
      ByteBuffer document;
      append_event(document, rules.event, numbered(step, index + 1), static_cast<std::int64_t>(script.events.size()) + 1, clock_ms);
      script.events.push_back({std::string(document.view()), clock_ms, with_duplicates});
      clock_ms += step.every_ms;
    }
    script.last_of_step.push_back(static_cast<std::int64_t>(script.events.size()) - 1);
  }
  for (const TestExpectation& expectation : test.expectations)
    script.events[static_cast<std::size_t>(script.last_of_step[expectation.step])].is_asked_about = true;
  return script;
}

// The lists of a test in the place of the rule set's own, until the end of the scope.
class ReplacedLists {
 public:
  ReplacedLists(CheckedRules& rules, const CheckedTest& test) : rules_(rules) {
    for (const TestList& list : test.lists) {
      ValueSet values = list.values;
      std::swap(rules.lists[list.list].values, values);
      own_.emplace_back(list.list, std::move(values));
    }
  }
  ~ReplacedLists() {
    for (auto own = own_.rbegin(); own != own_.rend(); ++own) rules_.lists[own->first].values = std::move(own->second);
  }
  ReplacedLists(const ReplacedLists&) = delete;
  ReplacedLists& operator=(const ReplacedLists&) = delete;

 private:
  CheckedRules& rules_;
  std::vector<std::pair<std::uint32_t, ValueSet>> own_;
};

class TestRunner {
 public:
  TestRunner(CheckedRules& rules, const TestOptions& options) : rules_(rules), options_(options), fired_(rules.rules.size(), 0) {
    if (options.coverage) find_branches();
    for (const CheckedTest& test : rules.tests)
      for (const TestExpectation& expectation : test.expectations)
        if (expectation.kind == TestExpectation::Kind::condition) watched_.decided.push_back(expectation.condition);
    watched_.observer = &notes_;
    if (options.time_max || options.give_up) {
      over_ = [this, end = std::chrono::steady_clock::now() + options.time_max.value_or(std::chrono::hours{24 * 365})] {
        gave_up_ = gave_up_ || std::chrono::steady_clock::now() >= end || (options_.give_up && options_.give_up());
        return gave_up_;
      };
    }
  }

  Result<TestReport> run() {
    std::size_t first_condition = watched_.judged.size();
    for (std::size_t index = 0; index < rules_.tests.size() && !error_; ++index) {
      const CheckedTest& test = rules_.tests[index];
      const auto begun = std::chrono::steady_clock::now();
      if (over_ && over_()) break;
      TestRun run;
      run.test = index;
      run.failures = failures(test, first_condition);
      if (gave_up_) break;
      run.took_us = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun).count();
      report_.runs.push_back(std::move(run));
      for (const TestExpectation& expectation : test.expectations)
        first_condition += expectation.kind == TestExpectation::Kind::condition ? 1 : 0;
    }
    if (error_) return *error_;
    note_coverage();
    return std::move(report_);
  }

 private:
  ScorerPointer compile(const WatchedExpressions& watched) {
    RuleSetOptions options;
    options.watched = watched;
    options.filter = options_.terms.filter;
    auto compiled = RuleSet::compile(rules_, options);
    if (compiled) return compiled.take();
    error_ = compiled.error();
    return nullptr;
  }

  std::vector<TestFailure> failures(const CheckedTest& test, std::size_t first_condition) {
    const ReplacedLists lists(rules_, test);
    const Script script = script_of(rules_, test, options_.terms.duplicates.horizon_ms > 0);
    ScorerPointer scorer = test.lists.empty() ? scorer_ : compile(watched_);
    if (scorer == nullptr && test.lists.empty()) scorer = scorer_ = compile(watched_);
    if (scorer == nullptr) return {};
    std::vector<bool> asked;
    for (const LaneEvent& event : script.events) asked.push_back(event.is_asked_about);
    notes_.begin(std::move(asked));
    const std::vector<LaneDecision> decisions = decide_events(scorer, script.events, options_.terms, over_, &fired_);
    if (gave_up_) return {};
    std::vector<TestFailure> failed;
    std::size_t condition = first_condition;
    for (const TestExpectation& expectation : test.expectations) {
      const std::int64_t offset = script.last_of_step[expectation.step];
      const LaneDecision& decision = decisions[static_cast<std::size_t>(offset)];
      const bool is_condition = expectation.kind == TestExpectation::Kind::condition;
      const bool holds = is_condition && notes_.held(decision.first, condition);
      if (is_condition) ++condition;
      const bool none = expectation.kind == TestExpectation::Kind::no_decision;
      if (none ? decision.decided : !decision.decided || !(is_condition ? holds : met(expectation, decision)))
        failed.push_back(failure(test, expectation, script, offset, decision));
      if (error_) return {};
    }
    return failed;
  }

  static bool met(const TestExpectation& expectation, const LaneDecision& decision) {
    if (expectation.kind == TestExpectation::Kind::outcome) return decision.outcome == expectation.index;
    return decision.has_fired(expectation.index) == (expectation.kind == TestExpectation::Kind::rule);
  }

  TestFailure failure(const CheckedTest& test, const TestExpectation& expectation, const Script& script, std::int64_t offset,
                      const LaneDecision& decision) {
    TestFailure failed;
    failed.diagnostic.code = "R0710";
    failed.diagnostic.message = "test \"" + test.title + "\" failed";
    failed.diagnostic.file = test.file;
    failed.diagnostic.span = expectation.span;
    failed.diagnostic.label = label(expectation, decision, script.events[static_cast<std::size_t>(offset)].time_ms);
    if (decision.decided) failed.diagnostic.help = {fired_text(rules_, decision)};
    if (!options_.story || !decision.decided || stories_ == stories_max) return failed;
    ++stories_;
    const FailureStory story(rules_, expectation, decision);
    ValueNotes values(decision.first);
    const ScorerPointer scorer = compile(story.watched(values));
    if (scorer == nullptr) return failed;
    decide_events(scorer, script.events, options_.terms);
    failed.story = story.tell(script.events[static_cast<std::size_t>(offset)], values);
    return failed;
  }

  static std::string why_not(const CheckedRule& rule, std::int64_t time_ms) {
    if (rule.mode == RuleMode::off) return "the rule is off";
    return rule.expires_ms <= time_ms ? "the rule has expired" : "the rule did not fire";
  }

  std::string label(const TestExpectation& expectation, const LaneDecision& decision, std::int64_t time_ms) const {
    if (!decision.decided && !decision.refused.empty()) return "the event was refused: " + decision.refused;
    if (!decision.decided) return passed_over();
    switch (expectation.kind) {
      case TestExpectation::Kind::outcome:
        return "the outcome is `" + rules_.policy.outcomes[decision.outcome] + "`";
      case TestExpectation::Kind::rule:
        return why_not(rules_.rules[expectation.index], time_ms);
      case TestExpectation::Kind::no_rule:
        return "the rule fired";
      case TestExpectation::Kind::no_decision:
        return "the event is decided: `" + rules_.policy.outcomes[decision.outcome] + "`";
      case TestExpectation::Kind::condition:
        break;
    }
    return "this is false";
  }

  std::string passed_over() const {
    if (options_.terms.late != LatePolicy::drop) return "the source's filter passes this event over: nothing is decided";
    return options_.terms.filter ? "the source's filter passes this event over, or it is too late and dropped: nothing is decided"
                                 : "the event is too late and dropped: nothing is decided";
  }

  void find_branches() {
    for (std::uint32_t rule = 0; rule < rules_.rules.size(); ++rule) {
      if (rules_.rules[rule].mode == RuleMode::off) continue;
      report_.coverage.push_back({rule, 0, {}});
      std::unordered_set<ExpressionIndex> seen;
      add_branches(report_.coverage.back(), rules_.rules[rule].when, seen);
    }
  }

  // Each part once: lets that use lets would unfold without end.
  void add_branches(RuleCoverage& coverage, ExpressionIndex index, std::unordered_set<ExpressionIndex>& seen) {
    if (!seen.insert(index).second) return;
    const Expression& node = rules_.expressions[index];
    if (node.kind == ExpressionKind::let) return add_branches(coverage, rules_.lets[node.index].value, seen);
    const bool branches = node.kind == ExpressionKind::logical_and || node.kind == ExpressionKind::logical_or;
    const bool inside = branches || node.kind == ExpressionKind::logical_not || node.kind == ExpressionKind::truth;
    for (const ExpressionIndex operand : node.operands) {
      if (branches && watched_.judged.size() >= branches_max) {
        report_.has_more_branches = true;
        return;
      }
      if (branches) {
        coverage.branches.push_back({written_text(rules_, written(rules_, operand)), false, false});
        watched_.judged.push_back(operand);
      }
      if (inside) add_branches(coverage, operand, seen);
    }
  }

  void note_coverage() {
    std::size_t watched = 0;
    for (RuleCoverage& coverage : report_.coverage) {
      coverage.fired = fired_[coverage.rule];
      for (BranchCoverage& branch : coverage.branches) {
        branch.seen_true = notes_.seen_true(watched);
        branch.seen_false = notes_.seen_false(watched);
        ++watched;
      }
    }
  }

  CheckedRules& rules_;
  const TestOptions& options_;
  WatchedExpressions watched_;
  ConditionNotes notes_;
  ScorerPointer scorer_;
  std::function<bool()> over_;
  bool gave_up_ = false;
  std::size_t stories_ = 0;
  std::optional<Error> error_;
  std::vector<std::uint64_t> fired_;  // by rule: events of all tests
  TestReport report_;
};

}  // namespace

std::size_t TestReport::failed() const {
  return static_cast<std::size_t>(std::count_if(runs.begin(), runs.end(), [](const TestRun& run) { return !run.failures.empty(); }));
}

Result<TestReport> run_tests(CheckedRules& rules, const TestOptions& options) {
  return TestRunner(rules, options).run();
}

std::string TestVerdict::failures_text() const {
  return "the rules fail their own tests: " + counted(failed, "error");
}

TestVerdict judge_by_tests(CheckedRules& rules, const TestTerms& terms, const std::optional<std::chrono::milliseconds>& time_max,
                           const std::function<bool()>& give_up) {
  TestVerdict verdict;
  TestOptions options;
  options.story = false;
  options.terms = terms;
  options.time_max = time_max;
  options.give_up = give_up;
  const Result<TestReport> report = run_tests(rules, options);
  if (!report) {
    Diagnostic diagnostic;
    diagnostic.message = "the rules cannot be compiled: " + report.error().text;
    verdict.failures.push_back(std::move(diagnostic));
    verdict.failed = 1;
    return verdict;
  }
  const std::vector<TestRun>& runs = report.value().runs;
  verdict.passed = runs.size() - report.value().failed();
  verdict.not_run = rules.tests.size() - runs.size();
  for (const TestRun& run : runs)
    for (const TestFailure& failure : run.failures)
      if (++verdict.failed <= limits::diagnostics_max) verdict.failures.push_back(failure.diagnostic);
  return verdict;
}

}  // namespace weir
