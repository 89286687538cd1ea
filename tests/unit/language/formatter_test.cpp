#include "rules/language/formatter.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <gtest/gtest.h>

#include "rules/language/parser.h"

namespace weir {
namespace {

std::string formatted(const std::string& text) {
  Diagnostics diagnostics;
  const SourceFile file{"f.rules", text};
  const std::optional<std::string> result = format_rules(file, diagnostics);
  return result ? *result : "refused:\n" + render(diagnostics, false);
}

std::string meaning(const std::string& text) {
  Diagnostics diagnostics;
  const SourceFile file{"f.rules", text};
  Reporter reporter(file, diagnostics);
  return parse_rules(file, reporter).canonical_text;
}

// Every rules text of the repository: files, the cases of the golden tests and of the fuzzer.
std::vector<std::pair<std::string, std::string>> all_texts() {
  std::vector<std::pair<std::string, std::string>> texts;
  const std::filesystem::path root(WEIR_SOURCE_DIR);
  for (const char* folder : {"config", "bench", "tests/golden/rules", "tests/fuzz/corpus/rules_fuzz"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const bool rules = entry.path().extension() == ".rules" || entry.path().parent_path().filename() == "rules_fuzz";
      if (!entry.is_regular_file() || !rules) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      texts.emplace_back(entry.path().string(), std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
    }
  }
  return texts;
}

TEST(Formatter, GivesFilesOneLayout) {
  EXPECT_EQ(formatted(R"(event   payment{
  id string id # the id
 created_at timestamp  time   #  when
    amount decimal ( 2 ) ?


  card_id string key# last
  }
list a of string=["x" ,"y"]
list bcd of int from "f.txt"
feature f=count( )by card_id over 10m
feature longer = sum( amount )by card_id,id over 1h
let x=-(f)-5   # a let
# about the rule
rule r "R" mode canary 5 % by card_id
{ when f=5 and not(x>3)
 or x < -2 then block
 # why
   score -20
}
rule q "Q"{when f in [1,-2]then block}
policy{precedence block,alert
 score>=80->block
 otherwise->alert}
test "t"{ given 4 payment every 30s{amount :1,card_id:"x"}
when payment{
amount:1 }
expect f=1 expect outcome block }
)"),
            R"(event payment {
  id          string     id    # the id
  created_at  timestamp  time  #  when
  amount      decimal(2)?

  card_id  string  key  # last
}

list a   of string = ["x", "y"]
list bcd of int    from "f.txt"
feature f      = count() by card_id over 10m
feature longer = sum(amount) by card_id, id over 1h
let x = -(f) - 5  # a let

# about the rule
rule r "R" mode canary 5% by card_id {
  when f == 5 and not (x > 3)
      or x < -2
  then block
  # why
  score -20
}

rule q "Q" { when f in [1, -2] then block }

policy {
  precedence block, alert
  score >= 80 -> block
  otherwise   -> alert
}

test "t" {
  given 4 payment every 30s { amount: 1, card_id: "x" }
  when payment {
    amount: 1
  }
  expect f == 1
  expect outcome block
}
)");
}

TEST(Formatter, KeepsWhatIsWrittenInsideStringsAndComments) {
  const std::string text = "# a  =  b\nlet x = \"a  #  {b}\" == \"\\t\\\\\"  # c  =  d\nlet y = x matches \"a\\.  b\"\n";
  EXPECT_EQ(formatted(text), text);
}

TEST(Formatter, EveryTextStaysAsItIsWhenFormattedAgainAndMeansTheSame) {
  std::size_t accepted = 0;
  for (const auto& [path, text] : all_texts()) {
    SCOPED_TRACE(path);
    const std::string once = formatted(text);
    if (once.starts_with("refused:")) continue;
    ++accepted;
    EXPECT_EQ(formatted(once), once);
    EXPECT_EQ(meaning(once), meaning(text));
  }
  EXPECT_GT(accepted, 60U);
}

// Blanks outside of strings and comments become other blanks.
std::string shaken(const std::string& text, std::mt19937& random) {
  std::string out;
  bool string = false;
  bool comment = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (byte == '\n') string = comment = false;
    if (!string && byte == '#') comment = true;
    if (!comment && byte == '"' && (at == 0 || text[at - 1] != '\\' || (at > 1 && text[at - 2] == '\\'))) string = !string;
    if (!string && !comment && byte == ' ')
      out.append(1 + random() % 3, random() % 4 == 0 ? '\t' : ' ');
    else
      out += byte;
  }
  return out;
}

TEST(Formatter, BlanksHaveNoInfluence) {
  std::mt19937 random(7);
  for (const auto& [path, text] : all_texts()) {
    if (!path.ends_with(".rules")) continue;
    SCOPED_TRACE(path);
    const std::string once = formatted(text);
    if (once.starts_with("refused:")) continue;
    for (int round = 0; round < 5; ++round) EXPECT_EQ(formatted(shaken(once, random)), once);
  }
}

TEST(Formatter, TheShippedRulesAreFormatted) {
  const std::string shipped = (std::filesystem::path(WEIR_SOURCE_DIR) / "config").string();
  for (const auto& [path, text] : all_texts()) {
    if (!path.starts_with(shipped)) continue;
    EXPECT_EQ(formatted(text), text) << "`weir fmt " << path << "` formats it";
  }
}

TEST(Formatter, RefusesWhatDoesNotParse) {
  EXPECT_TRUE(formatted("rule r {").starts_with("refused:\nerror[R0101]"));
}

}  // namespace
}  // namespace weir
