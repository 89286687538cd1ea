// How the results of `test` blocks are written: for people, for programs, and as JUnit's XML.
#pragma once

#include <string>
#include <vector>

#include "rules/language/checked_rules.h"
#include "rules/testing/run_tests.h"

namespace weir {

struct TestedRules {
  const CheckedRules* rules = nullptr;
  TestReport report;
};

std::string report_text(const std::vector<TestedRules>& tested, bool colour);
// {"tests": [{"title", "file", "line", "passed", "took_us", "failures": [{"line", "column", "message", "label", "story"}]}],
//  "coverage": [{"rule", "fired", "branches": [{"text", "seen_true", "seen_false"}]}]}
std::string report_json(const std::vector<TestedRules>& tested);
std::string report_junit(const std::vector<TestedRules>& tested);

}  // namespace weir
