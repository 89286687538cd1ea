// What is printed and written about the language is what the tables say, and what they say is true.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "rules/language/error_codes.h"
#include "rules/language/functions.h"
#include "tests/unit/language/checking.h"

namespace weir {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/" + path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find(end, from + begin.size());
  if (from == std::string::npos || to == std::string::npos) return {};
  return text.substr(from + begin.size(), to - from - begin.size());
}

TEST(Reference, FunctionsStandInTheOrderOfTheirEnumerators) {
  for (std::size_t index = 0; index < all_functions().size(); ++index)
    EXPECT_EQ(static_cast<std::size_t>(all_functions()[index].function), index) << all_functions()[index].name;
}

TEST(Reference, ExamplesOfFunctionsAreConditions) {
  for (const FunctionDescription& function : all_functions()) {
    const auto checked = checking::check_whole(std::string(function_example_event) + "rule r \"R\" { when " +
                                               std::string(function.example) + " then alert }\n");
    EXPECT_TRUE(checked->rules) << function.name << ": " << checked->codes();
    EXPECT_TRUE(checked->diagnostics.empty()) << function.name << ": " << checked->codes();
    EXPECT_TRUE(function.signature.starts_with(std::string(function.name) + "(")) << function.name;
  }
}

TEST(Reference, ExamplesOfAggregatesAreFeatures) {
  const std::string event =
      "event payment { created_at timestamp time\n card_id string key\n device_id string\n merchant_id string\n amount decimal\n geo geo\n "
      "}\n";
  for (const AggregateDescription& aggregate : all_aggregates()) {
    const auto checked = checking::check_whole(event + "feature f = " + std::string(aggregate.example) +
                                               "\nrule r \"R\" { when f is present then alert }\n");
    EXPECT_TRUE(checked->rules) << aggregate.name << ": " << checked->codes();
  }
}

TEST(Reference, TheReadmesTableIsTheGeneratedOne) {
  // To mend it: replace what stands between the two comments by what this test shows.
  EXPECT_EQ(between(read("rules/README.md"), "<!-- functions: begin -->\n", "<!-- functions: end -->"), render_function_reference());
}

TEST(Reference, TheReadmesExampleIsFreeOfComplaints) {
  const std::string example = between(read("rules/README.md"), "```\n", "```");
  const std::vector<SourceFile> files{{"README.rules", example}};
  Diagnostics diagnostics;
  EXPECT_TRUE(check_rules(files, {std::string(WEIR_SOURCE_DIR) + "/config"}, diagnostics).has_value());
  EXPECT_TRUE(diagnostics.empty()) << render(diagnostics, false);
}

TEST(Reference, CodesAreExplainedAndInOrder) {
  std::string_view before;
  for (const ErrorCode& code : all_rule_error_codes()) {
    EXPECT_LT(before, code.code);
    before = code.code;
    EXPECT_GE(code.text.size(), 50U) << code.code;
  }
  ASSERT_TRUE(explain_code("r0203"));
  EXPECT_TRUE(explain_code("R0203")->starts_with("R0203: unknown name\n\n"));
  EXPECT_FALSE(explain_code("R9999"));
}

}  // namespace
}  // namespace weir
