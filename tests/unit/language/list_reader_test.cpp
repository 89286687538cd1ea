#include "rules/language/list_reader.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "rules/language/check_rules.h"
#include "rules/language/limits.h"
#include "rules/language/list_checker.h"
#include "tests/unit/language/checking.h"

namespace weir {
namespace {

class ListFiles : public testing::Test {
 protected:
  ListFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-lists-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ListFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  std::filesystem::path folder_;
  std::vector<ListProblem> problems_;
};

TEST_F(ListFiles, ATextFileHasAnEntryALine) {
  const auto set = read_list_file(write("a.txt", "\xEF\xBB\xBF# cards\r\n b \r\n\r\na\r\nb\r\nc d"), "", ValueType::string, 0, problems_);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->sorted_texts(), (std::vector<std::string>{"a", "b", "c d"}));
}

TEST_F(ListFiles, ACsvFileIsReadByColumn) {
  const std::string text = "id,amount,note\r\n1,2.50,\"a, \"\"b\"\"\nand more\"\r\n2,1,\r\n3,,x\r\n";
  const auto set = read_list_file(write("a.csv", text), "amount", ValueType::decimal, 2, problems_);
  ASSERT_TRUE(set) << problems_[0].message;
  EXPECT_EQ(set->sorted_integers(), (std::vector<std::int64_t>{100, 250}));
  const auto notes = read_list_file(write("b.csv", text), "note", ValueType::string, 0, problems_);
  ASSERT_TRUE(notes);
  EXPECT_EQ(notes->sorted_texts(), (std::vector<std::string>{"a, \"b\"\nand more", "x"}));
}

TEST_F(ListFiles, BlanksCountInsideOfQuotesAlone) {
  const std::string text = "id , name\n1,\"  a \"\n2, b \n3, \"c, d\" \n4,\"\te\"  \r\n5,\"f\"g\n6, \t\n";
  const auto set = read_list_file(write("a.csv", text), "name", ValueType::string, 0, problems_);
  ASSERT_TRUE(set) << problems_[0].message;
  EXPECT_EQ(set->sorted_texts(), (std::vector<std::string>{"\te", "  a ", "b", "c, d", "fg"}));
}

TEST_F(ListFiles, ProblemsNameTheLineAndStopAtTen) {
  std::string text = "1\n";
  for (int line = 0; line < 100; ++line) text += "x\n";
  EXPECT_FALSE(read_list_file(write("a.txt", text), "", ValueType::integer, 0, problems_));
  ASSERT_EQ(problems_.size(), 10U);
  EXPECT_EQ(problems_[0].line, 2U);
  EXPECT_EQ(problems_[0].code, "R0602");
}

TEST_F(ListFiles, ALineOfCommasIsNoList) {
  const std::string commas(limits::csv_cells_max, ',');
  EXPECT_FALSE(read_list_file(write("a.csv", "a,b\n" + commas + "\n"), "a", ValueType::string, 0, problems_));
  EXPECT_FALSE(read_list_file(write("b.csv", "a" + commas + "\n"), "a", ValueType::string, 0, problems_));
  ASSERT_EQ(problems_.size(), 2U);
  EXPECT_EQ(problems_[0].line, 2U);
  EXPECT_EQ(problems_[1].line, 1U);
  EXPECT_EQ(problems_[1].message, "a line has at most 10000 cells");
}

TEST_F(ListFiles, BehindAllThatARuleSetMayHoldNoneIsReadAnyMore) {
  CheckedRules rules;
  CheckScope scope(rules);
  const SourceFile file{"test.rules", "list l of string from \"nowhere.txt\"\n"};
  Diagnostics diagnostics;
  Reporter reporter(file, diagnostics);
  scope.list_values = limits::all_list_values_max;
  EXPECT_TRUE(may_read_list({"l", {5, 6}}, scope, reporter));
  scope.list_values += 1;
  EXPECT_FALSE(may_read_list({"l", {5, 6}}, scope, reporter));
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics[0].code, "R0604");
}

TEST_F(ListFiles, AFolderIsNoList) {
  EXPECT_FALSE(read_list_file(folder_.string(), "", ValueType::string, 0, problems_));
  EXPECT_EQ(problems_[0].code, "R0601");
}

TEST_F(ListFiles, AreFoundFromTheBaseFolderOrBesideTheRules) {
  write("lists/cards.txt", "c1\n");
  const std::string text =
      checking::event_text + "list l of string from \"lists/cards.txt\"\nrule r \"R\" { when card_id in @l then alert }\n";
  const auto entries = [&](const std::string& rules_path, const std::string& base_folder) {
    const std::vector<SourceFile> files{{rules_path, text}};
    Diagnostics diagnostics;
    const auto rules = check_rules(files, {base_folder}, diagnostics);
    return rules ? rules->lists[0].values.size() : 0;
  };
  EXPECT_EQ(entries("anywhere.rules", folder_.string()), 1U);
  EXPECT_EQ(entries((folder_ / "x.rules").string(), ""), 1U);
  EXPECT_EQ(entries((folder_ / "rules/x.rules").string(), ""), 1U);
  EXPECT_EQ(entries((folder_ / "rules/deeper/x.rules").string(), ""), 0U);
}

}  // namespace
}  // namespace weir
