#include "engine/settings/settings_file.h"

#include <gtest/gtest.h>

#include "engine/settings/config_errors.h"

namespace weir {
namespace {

std::string written_at(const SourceFile& file, const SettingsPlace& place) {
  return file.text.substr(place.span.begin, place.span.end - place.span.begin);
}

TEST(SettingsFile, KnowsWhereEachValueStands) {
  const SourceFile file{"a", "caf\xC3\xA9: \"a b\"\nlist: [1, 'x''y']\nmap:\n  inner: plain text # comment\n"};
  Diagnostics diagnostics;
  const SettingsNode tree = parse_settings(file, diagnostics);
  ASSERT_TRUE(diagnostics.empty());
  EXPECT_EQ(written_at(file, tree.find("caf\xC3\xA9")->key_place), "caf\xC3\xA9");
  EXPECT_EQ(written_at(file, tree.find("caf\xC3\xA9")->value.place), "\"a b\"") << "quotes belong to the place";
  EXPECT_EQ(written_at(file, tree.find("list")->value.items[1].place), "'x''y'");
  EXPECT_EQ(tree.find("list")->value.items[1].text, "x'y");
  EXPECT_EQ(written_at(file, tree.find("map")->value.find("inner")->value.place), "plain text");
}

TEST(SettingsFile, KnowsWhereATextStandsByteForByte) {
  const SourceFile file{"a", "a: \"x > 1\"\nb: \"x \\u003e 1\"\nc: x > 1\n"};
  Diagnostics diagnostics;
  const SettingsNode tree = parse_settings(file, diagnostics);
  EXPECT_EQ(tree.find("a")->value.lines_at, std::vector<std::size_t>{4});
  EXPECT_TRUE(tree.find("b")->value.lines_at.empty()) << "an escape moves what is behind it";
  EXPECT_EQ(tree.find("b")->value.text, "x > 1");
  EXPECT_EQ(tree.find("c")->value.lines_at, std::vector<std::size_t>{file.text.find("x > 1\n")});
}

TEST(SettingsFile, KnowsWhereTheLinesOfABlockStand) {
  const SourceFile file{"a", "a:\n  b: |\n    first\n      second\n\n    third\nc: 1\n"};
  Diagnostics diagnostics;
  const SettingsNode tree = parse_settings(file, diagnostics);
  const SettingsNode& block = tree.find("a")->value.find("b")->value;
  ASSERT_EQ(block.text, "first\n  second\n\nthird\n");
  const LocatedText text{block.text, block.place, block.lines_at};
  for (const char* word : {"first", "second", "third"}) {
    const std::size_t begin = block.text.find(word);
    EXPECT_EQ(text.place_of({begin, begin + 5}).span.begin, file.text.find(word)) << word;
  }
}

TEST(SettingsFile, TakesYamlsOddWordsAsTexts) {
  const SourceFile file{"a", "a: no\nb: on_change\nc: 0o17\nd: 2026-11-01\ne: 1e3\nf: ~\ng: \"\"\nh:\n"};
  Diagnostics diagnostics;
  const SettingsNode tree = parse_settings(file, diagnostics);
  for (const char* key : {"a", "b", "c", "d", "e", "g"}) EXPECT_EQ(tree.find(key)->value.kind, SettingsNode::Kind::scalar) << key;
  EXPECT_EQ(tree.find("a")->value.text, "no");
  EXPECT_EQ(tree.find("f")->value.kind, SettingsNode::Kind::nothing);
  EXPECT_EQ(tree.find("h")->value.kind, SettingsNode::Kind::nothing);
  EXPECT_EQ(tree.find("h")->value.place.span.begin, tree.find("h")->key_place.span.begin) << "nothing stands where its key stands";
}

TEST(SettingsFile, ReportsEveryDuplicateKeyAndKeepsTheFirst) {
  const SourceFile file{"a", "a: 1\na: 2\nb: {c: 1, c: 2}\n\"a\": 3\n"};
  Diagnostics diagnostics;
  const SettingsNode tree = parse_settings(file, diagnostics);
  EXPECT_EQ(diagnostics.size(), 3U);
  for (const Diagnostic& each : diagnostics) EXPECT_EQ(each.code, config_error::duplicate_key);
  EXPECT_EQ(tree.find("a")->value.text, "1");
}

TEST(SettingsFile, RefusesWhatIsLargerThanAConfig) {
  const SourceFile file{"a", std::string(settings_file_bytes_max + 1, ' ')};
  Diagnostics diagnostics;
  parse_settings(file, diagnostics);
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].code, config_error::too_large);
}

TEST(SettingsFile, SurvivesDeepNesting) {
  for (const char* opening : {"[", "{a: ", "- ", "? "}) {
    std::string text;
    for (int depth = 0; depth < 100'000; ++depth) text += opening;
    const SourceFile file{"a", text};
    Diagnostics diagnostics;
    parse_settings(file, diagnostics);
    EXPECT_TRUE(has_errors(diagnostics)) << opening;
  }
}

TEST(SettingsFile, ReadsAByteOrderMarkAndWindowsLineEnds) {
  const SourceFile file{"a", "\xEF\xBB\xBF" + std::string("a: 1\r\nb: 2\r\n")};
  Diagnostics diagnostics;
  const SettingsNode tree = parse_settings(file, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(tree.find("a")->value.text, "1");
  EXPECT_EQ(tree.find("b")->value.text, "2");
}

}  // namespace
}  // namespace weir
