#include "engine/base/diagnostic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Diagnostic at(const SourceFile& file, std::string_view word) {
  Diagnostic diagnostic;
  diagnostic.code = "R0203";
  diagnostic.message = "unknown feature `" + std::string(word) + "`";
  diagnostic.file = &file;
  const std::size_t begin = file.text.find(word);
  diagnostic.span = {begin, begin + word.size()};
  return diagnostic;
}

TEST(Diagnostic, CountsLinesAndColumnsFromOne) {
  const SourceFile file{"a", "ab\ncd\n"};
  EXPECT_EQ(line_column(file, 0).line, 1U);
  EXPECT_EQ(line_column(file, 0).column, 1U);
  EXPECT_EQ(line_column(file, 2).line, 1U) << "the newline belongs to its own line";
  EXPECT_EQ(line_column(file, 2).column, 3U);
  EXPECT_EQ(line_column(file, 3).line, 2U);
  EXPECT_EQ(line_column(file, 3).column, 1U);
  EXPECT_EQ(line_column(file, 6).line, 3U);
  EXPECT_EQ(line_column(file, 999).line, 3U) << "beyond the end is the end";
}

TEST(Diagnostic, ShowsExcerptCaretsLabelAndHelp) {
  const SourceFile file{"rules/payments.rules", "first\n  when card_payment_10m >= 5\nlast\n"};
  Diagnostic diagnostic = at(file, "card_payment_10m");
  diagnostic.label = "no feature has this name";
  diagnostic.help = {"did you mean `card_payments_10m`?"};
  EXPECT_EQ(render(diagnostic, false),
            "error[R0203]: unknown feature `card_payment_10m`\n"
            " --> rules/payments.rules:2:8\n"
            "  |\n"
            "2 |   when card_payment_10m >= 5\n"
            "  |        ^^^^^^^^^^^^^^^^ no feature has this name\n"
            "  = help: did you mean `card_payments_10m`?\n");
}

TEST(Diagnostic, AlignsCaretsBehindTabsAndCharactersOfSeveralBytes) {
  const SourceFile file{"a", "\tcaf\xC3\xA9 wrong"};
  EXPECT_THAT(render(at(file, "wrong"), false), HasSubstr("1 |     caf\xC3\xA9 wrong\n  |          ^^^^^\n"));
}

TEST(Diagnostic, KeepsTerminalControlsOfTheUserAwayFromTheTerminal) {
  const SourceFile file{"a", "x \x1b[2J \xC2\x9B \xFF wrong"};
  Diagnostic diagnostic = at(file, "wrong");
  diagnostic.message = "unknown \x1b]0;title";
  diagnostic.help = {"\x1b[2J"};
  const std::string shown = render(diagnostic, false);
  EXPECT_THAT(shown, Not(HasSubstr("\x1b")));
  EXPECT_THAT(shown, Not(HasSubstr("\xC2\x9B")));
  EXPECT_THAT(shown, Not(HasSubstr("\xFF")));
}

TEST(Diagnostic, CutsALongLineAroundTheSpan) {
  const SourceFile file{"a", std::string(5000, 'a') + " wrong " + std::string(5000, 'b')};
  const std::string shown = render(at(file, "wrong"), false);
  EXPECT_LT(shown.size(), 600U);
  EXPECT_THAT(shown, HasSubstr("| ...aaa"));
  EXPECT_THAT(shown, HasSubstr("^^^^^\n"));
}

TEST(Diagnostic, ShowsAsLittleOfALineOfMegabytes) {
  std::string text;
  while (text.size() < 4'000'000) text += "\xC3\xA9, ";
  const std::string half = text;
  text += "wrong, " + half;
  const SourceFile file{"a", std::move(text)};
  const Diagnostic diagnostic = at(file, "wrong");
  std::string shown;
  for (int times = 0; times < 200; ++times) shown = render(diagnostic, false);
  EXPECT_THAT(shown, HasSubstr("1 | ..."));
  EXPECT_THAT(shown, HasSubstr("wrong"));
  EXPECT_THAT(shown, Not(HasSubstr("\xEF\xBF\xBD"))) << "no character is cut";
  EXPECT_LT(shown.size(), 1'000U);
}

TEST(Diagnostic, MarksOneCharacterWhereTheSpanIsEmptyOrBehindTheEnd) {
  const SourceFile file{"a", "ab"};
  Diagnostic diagnostic;
  diagnostic.message = "unexpected end";
  diagnostic.file = &file;
  diagnostic.span = {2, 2};
  EXPECT_THAT(render(diagnostic, false), HasSubstr("1 | ab\n  |   ^\n"));
}

TEST(Diagnostic, MarksASpanOfSeveralLinesToTheEndOfItsFirst) {
  const SourceFile file{"a", "x: \"abc\nd\""};
  Diagnostic diagnostic;
  diagnostic.file = &file;
  diagnostic.span = {3, file.text.size()};
  EXPECT_THAT(render(diagnostic, false), HasSubstr("1 | x: \"abc\n  |    ^^^^\n"));
}

TEST(Diagnostic, ListsAllInFileOrderAndCountsThem) {
  const SourceFile file{"a", "one two three"};
  Diagnostics all{at(file, "three"), at(file, "one")};
  all.push_back(at(file, "two"));
  all.back().severity = Severity::warning;
  const std::string shown = render(all, false);
  EXPECT_LT(shown.find("`one`"), shown.find("`two`"));
  EXPECT_LT(shown.find("`two`"), shown.find("`three`"));
  EXPECT_TRUE(shown.ends_with("\n2 errors, 1 warning\n"));
  EXPECT_TRUE(has_errors(all));
  EXPECT_FALSE(has_errors({all.back()}));
  EXPECT_EQ(render(Diagnostics{}, false), "");
}

TEST(Diagnostic, ColoursOnlyWhenAsked) {
  const SourceFile file{"a", "one"};
  EXPECT_THAT(render(at(file, "one"), false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(render(at(file, "one"), true), HasSubstr("\x1b[1;31merror[R0203]\x1b[0m"));
}

TEST(Diagnostic, WritesJsonWithPositionsAndEscapes) {
  const SourceFile file{"a\\b", "one\ntwo"};
  Diagnostic diagnostic = at(file, "two");
  diagnostic.message = "say \"no\"\n\xFF";
  diagnostic.help = {"h"};
  EXPECT_EQ(render_json({diagnostic}),
            "[\n  {\"code\": \"R0203\", \"severity\": \"error\", \"message\": \"say \\\"no\\\"\\n\xEF\xBF\xBD\", \"file\": \"a\\\\b\", "
            "\"line\": 2, \"column\": 1, \"end_line\": 2, \"end_column\": 4, \"label\": \"\", \"help\": [\"h\"]}\n]\n");
  EXPECT_EQ(render_json({}), "[]\n");
}

TEST(ClosestName, SuggestsSlipsOfTheHand) {
  const std::vector<std::string_view> names{"batch_size", "batch_window", "filter", "in_flight_max"};
  EXPECT_EQ(closest_name("batch_sise", names), "batch_size");
  EXPECT_EQ(closest_name("bacth_size", names), "batch_size");
  EXPECT_EQ(closest_name("batch-size", names), "batch_size");
  EXPECT_EQ(closest_name("Filter", names), "filter");
  EXPECT_EQ(closest_name("batchwindow", names), "batch_window");
}

TEST(ClosestName, SuggestsWhatBeginsWithHalfAName) {
  const std::vector<std::string_view> names{"carrier", "card_id", "card_country", "hour_of_day", "cart"};
  EXPECT_EQ(closest_name("hour", names), "hour_of_day");
  EXPECT_EQ(closest_name("card", names), "card_id");
  EXPECT_EQ(closest_name("car", names), "cart");
  EXPECT_EQ(closest_name("ho", names), "");
}

TEST(ClosestName, StaysSilentWhereNothingIsNear) {
  const std::vector<std::string_view> names{"batch_size", "on"};
  EXPECT_EQ(closest_name("colour", names), "");
  EXPECT_EQ(closest_name("x", names), "");
  EXPECT_EQ(closest_name("", names), "");
  EXPECT_EQ(closest_name(std::string(5000, 'b'), names), "");
}

}  // namespace
}  // namespace weir
