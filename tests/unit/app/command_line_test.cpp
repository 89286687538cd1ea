#include "engine/app/command_line.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/app/exit_code.h"
#include "engine/app/reference_commands.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

Ran weir_with(std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const Terminal terminal{out, err, false, false, [](std::string_view) { return std::optional<std::string>(); }};
  const int code = run_command_line(std::move(arguments), terminal);
  return {code, out.str(), err.str()};
}

// A folder of its own for each test, removed with it.
class CommandLine : public ::testing::Test {
 protected:
  CommandLine() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir_command_line_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~CommandLine() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  std::filesystem::path folder_;
};

const std::string good_rules =
    "event payment {\n  id string id\n  created_at timestamp time\n  card_id string key\n  amount decimal\n}\n"
    "feature payments_10m = count() by card_id over 10m\n"
    "rule many \"Many payments\" {\n  when payments_10m >= 5\n  then block\n}\n"
    "policy {\n  precedence block, allow\n  otherwise -> allow\n}\n";

std::string config_with(const std::string& filter, const std::string& when, const std::string& event = "payment") {
  return "version: 1\nsources:\n  made_up:\n    generator: {}\n    event: " + event + "\n    mapping: { filter: \"" + filter +
         "\" }\nrules: { files: [\"*.rules\"] }\nsinks: { blocked: { console: {}, when: \"" + when +
         "\" } }\ndead_letters: { console: {} }\n";
}

TEST_F(CommandLine, SuggestsTheNearestVerbAndOption) {
  const Ran verb = weir_with({"chek"});
  EXPECT_EQ(verb.code, exit_code::usage);
  EXPECT_EQ(verb.out, "");
  EXPECT_THAT(verb.err, HasSubstr("did you mean `weir check`?"));
  const Ran option = weir_with({"check", "--jsn", "x"});
  EXPECT_EQ(option.code, exit_code::usage);
  EXPECT_THAT(option.err, HasSubstr("did you mean `--json`?"));
  EXPECT_THAT(weir_with({"list", "function"}).err, HasSubstr("did you mean `weir list functions`?"));
}

TEST_F(CommandLine, TestRunsTheTestsOfRulesFilesAndOfConfigs) {
  const std::string passing = "test \"five\" {\n  given 4 payment\n  when payment\n  expect outcome block\n}\n";
  const std::string rules = write("rules.rules", good_rules + passing);
  const Ran passed = weir_with({"test", rules});
  EXPECT_EQ(passed.code, exit_code::fine);
  EXPECT_EQ(passed.out, rules + ": 1 test passed\n1 test passed\n");
  write("weir.yaml", config_with("amount >= 0", "outcome == block"));
  EXPECT_EQ(weir_with({"test", (folder_ / "weir.yaml").string()}).code, exit_code::fine);
  write("weir.yaml", config_with("amount > 0", "outcome == block"));  // passes over the test's events, whose amount is 0
  EXPECT_EQ(weir_with({"test", (folder_ / "weir.yaml").string()}).code, exit_code::found_something);

  write("rules.rules", good_rules + "test \"four\" {\n  given 3 payment\n  when payment\n  expect outcome block\n}\n");
  const std::string junit = (folder_ / "junit.xml").string();
  const Ran failed = weir_with({"test", rules, "--junit", junit, "--coverage"});
  EXPECT_EQ(failed.code, exit_code::found_something);
  EXPECT_THAT(failed.out, HasSubstr("the outcome is `allow`"));
  EXPECT_THAT(failed.out, HasSubstr("4        payments_10m = count() by card_id over 10m"));
  EXPECT_THAT(failed.out, HasSubstr("many: never fired"));
  std::ifstream file(junit);
  const std::string xml{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"weir\" tests=\"1\" failures=\"1\">"));
  EXPECT_THAT(weir_with({"test", rules, "--json"}).out, HasSubstr("\"passed\": false"));
  EXPECT_EQ(weir_with({"test", write("broken.rules", "rule")}).code, exit_code::bad_configuration);
}

TEST_F(CommandLine, FmtFormatsFilesAndCheckOnlyNamesThem) {
  const std::string rules = write("a.rules", "let x=1\n");
  const Ran checked = weir_with({"fmt", "--check", rules});
  EXPECT_EQ(checked.code, exit_code::found_something);
  EXPECT_EQ(checked.out, rules + ": not formatted\n");
  EXPECT_EQ(weir_with({"fmt", folder_.string()}).out, rules + ": formatted\n");
  std::ifstream file(rules);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(text, "let x = 1\n");
  EXPECT_EQ(weir_with({"fmt", "--check", rules}).code, exit_code::fine);
  const Ran broken = weir_with({"fmt", write("broken.rules", "rule"), rules});
  EXPECT_EQ(broken.code, exit_code::bad_configuration);
  EXPECT_THAT(broken.err, HasSubstr("error[R0101]"));
}

TEST_F(CommandLine, FmtWritesWhatALinkLeadsTo) {
  const std::string rules = write("there/real.rules", "let a   =  1\n");
  const std::filesystem::path link = folder_ / "link.rules";
  std::filesystem::create_symlink("there/real.rules", link);
  EXPECT_EQ(weir_with({"fmt", link.string()}).code, exit_code::fine);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  std::ifstream written(rules);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(written), {}), "let a = 1\n");
}

TEST_F(CommandLine, CheckKnowsWhatRulesCostAndWhichAreUntested) {
  const std::string rules = write("a.rules", good_rules);
  const Ran checked = weir_with({"check", rules});
  EXPECT_EQ(checked.code, exit_code::fine);
  EXPECT_THAT(checked.out, HasSubstr("1 rule, 1 feature, 1 key lookup an event, about 0."));
  EXPECT_THAT(checked.out, HasSubstr("4 bytes for each event of the last 10m; 136 bytes a key with 10 events"));
  EXPECT_THAT(checked.out, HasSubstr("1 of 1 rule named in no test"));
  const Ran strict = weir_with({"check", "--strict", rules});
  EXPECT_EQ(strict.code, exit_code::found_something);
  EXPECT_THAT(strict.out, HasSubstr("warning[R0706]: no test names rule `many`"));
  EXPECT_THAT(weir_with({"check", rules, "--json"}).out, HasSubstr("\"untested\": 1"));
  EXPECT_THAT(weir_with({"check", rules, "--measure"}).out, HasSubstr("measured: "));
}

TEST_F(CommandLine, CompletionKnowsEveryVerbAndOption) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = weir_with({"completion", shell});
    EXPECT_EQ(ran.code, exit_code::fine);
    for (const char* word :
         {"run", "check", "test", "fmt", "create", "explain", "coverage", "junit", "card-payments", "functions", "rollback", "activate"})
      EXPECT_THAT(ran.out, HasSubstr(word)) << shell;
  }
  EXPECT_EQ(weir_with({"completion", "bsh"}).code, exit_code::usage);
}

TEST_F(CommandLine, CreateRefusesWhatItDoesNotKnowAndWhatIsThere) {
  const std::string folder = (folder_ / "new").string();
  EXPECT_EQ(weir_with({"create", "payouts", folder}).code, exit_code::fine);
  EXPECT_EQ(weir_with({"test", folder}).code, exit_code::fine);
  EXPECT_EQ(weir_with({"create", "payouts", folder}).code, exit_code::usage);
  EXPECT_THAT(weir_with({"create"}).err, HasSubstr("TEMPLATE is required: card-payments, account-takeover or payouts"));
  EXPECT_THAT(weir_with({"create", "payout", folder}).err, HasSubstr("did you mean `weir create payouts`?"));
}

TEST_F(CommandLine, ChecksTestsAndRunsTheConfigOfTheFolderItIsCalledIn) {
  const auto before = std::filesystem::current_path();
  std::filesystem::create_directories(folder_ / "empty");
  std::filesystem::current_path(folder_ / "empty");
  for (const char* verb : {"check", "test", "run"}) {
    EXPECT_EQ(weir_with({verb}).code, exit_code::usage);
    EXPECT_THAT(weir_with({verb}).err, HasSubstr("there is no weir.yaml here"));
  }
  EXPECT_EQ(weir_with({"create", "payouts", (folder_ / "mine").string()}).code, exit_code::fine);
  std::filesystem::current_path(folder_ / "mine");
  EXPECT_THAT(weir_with({"check"}).out, HasSubstr("11 rules, 5 features"));
  EXPECT_THAT(weir_with({"test"}).out, HasSubstr("7 tests passed"));
  EXPECT_THAT(weir_with({"check", "README.md"}).out, HasSubstr("`README.md` is neither a config (.yaml, .yml) nor a rules file (.rules)"));
  std::filesystem::current_path(before);
}

TEST_F(CommandLine, ListsAggregatesAmongTheFunctions) {
  const std::string listed = weir_with({"list", "functions"}).out;
  EXPECT_THAT(listed, HasSubstr("count() by card_id over 10m"));
  EXPECT_THAT(listed, HasSubstr("hour_of_day("));
}

TEST_F(CommandLine, EachFolderOfRulesIsARuleSet) {
  write("rules/a/a.rules", good_rules);
  write("rules/b/b.rules", good_rules);
  const Ran ran = weir_with({"check", (folder_ / "rules").string()});
  EXPECT_EQ(ran.code, exit_code::fine) << ran.out;
}

TEST_F(CommandLine, ALinkThatLeadsNowhereHidesNoOtherRulesFile) {
  for (const std::string folder : {"a", "b", "c", "d", "e"}) write(folder + "/broken.rules", "event payment {\n}\n");
  for (const std::string folder : {"f", "g", "h"}) {
    std::filesystem::create_directories(folder_ / folder);
    std::filesystem::create_symlink("around.rules", folder_ / folder / "around.rules");
  }
  const Ran checked = weir_with({"check", folder_.string()});
  EXPECT_EQ(checked.code, exit_code::found_something);
  for (const std::string folder : {"a", "b", "c", "d", "e"}) EXPECT_THAT(checked.out, HasSubstr(folder + "/broken.rules"));
  for (const std::string folder : {"f", "g", "h"})
    EXPECT_THAT(checked.out, HasSubstr("cannot read the rules file `" + (folder_ / folder / "around.rules").string()));
}

TEST_F(CommandLine, EndsWith64OnWrongUsage) {
  EXPECT_EQ(weir_with({}).code, exit_code::usage);
  EXPECT_EQ(weir_with({"fmt"}).code, exit_code::usage);
  EXPECT_EQ(weir_with({"explain"}).code, exit_code::usage);
  EXPECT_EQ(weir_with({"explain", "C9999"}).code, exit_code::usage);
  EXPECT_EQ(weir_with({"--colour"}).code, exit_code::usage);
  EXPECT_EQ(weir_with({"list", "sources", "sinks"}).code, exit_code::usage);
}

TEST_F(CommandLine, HelpsOnStandardOutputWithAnExampleForEveryVerb) {
  EXPECT_THAT(weir_with({"--help"}).out, HasSubstr("weir check config/weir.yaml"));
  for (const char* verb : {"check", "schema", "list", "explain"}) {
    const Ran help = weir_with({verb, "--help"});
    EXPECT_EQ(help.code, exit_code::fine);
    EXPECT_EQ(help.err, "");
    EXPECT_THAT(help.out, HasSubstr("Example"));
    EXPECT_THAT(help.out, HasSubstr("Usage: weir " + std::string(verb)));
    EXPECT_EQ(weir_with({"help", verb}).out, help.out);
  }
  EXPECT_THAT(weir_with({"--version"}).out, ::testing::MatchesRegex("weir [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(CommandLine, ExplainsCodesOfConfigsAndRules) {
  const Ran config = weir_with({"explain", "c0104"});
  EXPECT_EQ(config.code, exit_code::fine);
  EXPECT_THAT(config.out, HasSubstr("C0104"));
  EXPECT_EQ(weir_with({"explain", "R0203"}).code, exit_code::fine);
  EXPECT_THAT(weir_with({"explain", "C0104", "--json"}).out, HasSubstr("{\"code\": \"C0104\", \"title\": "));
}

TEST_F(CommandLine, ListsWhatThereIs) {
  EXPECT_THAT(weir_with({"list", "sources"}).out, HasSubstr("kafka"));
  EXPECT_THAT(weir_with({"list", "sinks"}).out, HasSubstr("console"));
  EXPECT_THAT(weir_with({"list", "functions"}).out, HasSubstr("distance_km"));
  EXPECT_THAT(weir_with({"list", "errors"}).out, HasSubstr("C0104"));
  EXPECT_THAT(weir_with({"list", "errors"}).out, HasSubstr("R0203"));
  EXPECT_THAT(weir_with({"list", "functions", "--json"}).out, ::testing::StartsWith("[\n  {\"signature\": "));
}

TEST_F(CommandLine, ChecksAConfigWithItsRulesAndSaysWhatTheyCost) {
  write("payments.rules", good_rules);
  const Ran run = weir_with({"check", write("weir.yaml", config_with("amount > 0", "outcome == block"))});
  EXPECT_EQ(run.code, exit_code::fine) << run.out;
  EXPECT_THAT(run.out, HasSubstr("1 rule, 1 feature"));
  EXPECT_THAT(run.out, HasSubstr("by card_id"));
  EXPECT_THAT(run.out, HasSubstr("no errors"));
}

// As a folder of links is mounted.
TEST_F(CommandLine, FilesThatALinkedRulesFileNamesStandBesideTheLink) {
  const std::string rules = write("data/of_today/a.rules", good_rules +
                                                               "list known of string from \"known.txt\"\n"
                                                               "rule listed \"Listed\" { when card_id in @known then block }\n");
  write("rules/known.txt", "c1\n");
  std::filesystem::create_symlink(rules, folder_ / "rules/a.rules");
  std::string config = config_with("amount > 0", "outcome == block");
  config.replace(config.find("*.rules"), 7, "rules/*.rules");
  EXPECT_THAT(weir_with({"check", (folder_ / "rules/a.rules").string()}).out, HasSubstr("no errors"));
  write("weir.yaml", config);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  EXPECT_THAT(weir_with({"check", "weir.yaml"}).out, HasSubstr("no errors"));
  std::filesystem::current_path(before);
}

TEST_F(CommandLine, KnowsThatASinkMayWriteFeaturesWhichNoRuleReads) {
  write("rules.rules", good_rules + "feature spent_1d = sum(amount) by card_id over 1d\n");
  const std::string config = config_with("amount > 0", "outcome == block");
  EXPECT_THAT(weir_with({"check", write("weir.yaml", config)}).out, HasSubstr("`spent_1d` is not used"));
  const std::size_t at = config.find("console: {}");
  const std::string all = config.substr(0, at) + "features: all, " + config.substr(at);
  EXPECT_THAT(weir_with({"check", write("weir.yaml", all)}).out, Not(HasSubstr("is not used")));
}

TEST_F(CommandLine, KnowsThatFiltersAndSinksReadWhatNoRuleReads) {
  write("rules.rules", good_rules + "feature spent_1d = sum(amount) by card_id over 1d\nlist skipped of string = [\"c9\"]\n");
  EXPECT_THAT(weir_with({"check", write("weir.yaml", config_with("amount > 0", "spent_1d > 5"))}).out, HasSubstr("`skipped` is not used"));
  const Ran run = weir_with({"check", "--strict", write("weir.yaml", config_with("card_id not in @skipped", "spent_1d > 5"))});
  EXPECT_THAT(run.out, Not(HasSubstr("is not used")));
}

TEST_F(CommandLine, ReportsExpressionsOfTheConfigWhereTheyStand) {
  write("payments.rules", good_rules);
  const Ran run = weir_with({"check", write("weir.yaml", config_with("amout > 0", "outcome == blok"))});
  EXPECT_EQ(run.code, exit_code::found_something);
  EXPECT_THAT(run.out, HasSubstr("weir.yaml:6:25\n"));
  EXPECT_THAT(run.out, HasSubstr("did you mean `amount`?"));
  EXPECT_THAT(run.out, HasSubstr("weir.yaml:8:52\n"));
}

TEST_F(CommandLine, DoesNotQuoteAConditionThatHoldsAValueOfTheEnvironment) {
  write("payments.rules", good_rules);
  const Ran run = weir_with({"check", write("weir.yaml", config_with("amount > 0", "score > ${NOTHING:-hunter2}"))});
  EXPECT_EQ(run.code, exit_code::found_something);
  EXPECT_THAT(run.out, HasSubstr("with its placeholders expanded, this condition is wrong"));
  EXPECT_THAT(run.out, Not(HasSubstr("`hunter2`")));
}

TEST_F(CommandLine, ReportsErrorsOfConfigAndRulesAtOnce) {
  write("payments.rules", good_rules + "rule odd \"Odd\" {\n  when nothing_like_it > 1\n  then block\n}\n");
  const Ran run = weir_with({"check", write("weir.yaml", config_with("amount > 0", "score > 1") + "log: { levl: info }\n")});
  EXPECT_EQ(run.code, exit_code::found_something);
  EXPECT_THAT(run.out, HasSubstr("levl"));
  EXPECT_THAT(run.out, HasSubstr("nothing_like_it"));
}

TEST_F(CommandLine, ReportsAnEventThatTheRulesDoNotDeclare) {
  write("payments.rules", good_rules);
  const Ran run = weir_with({"check", write("weir.yaml", config_with("amount > 0", "score > 1", "paymnt"))});
  EXPECT_EQ(run.code, exit_code::found_something);
  EXPECT_THAT(run.out, HasSubstr("weir.yaml:5:12\n"));
}

TEST_F(CommandLine, ChecksRulesAloneAndFoldersOfThem) {
  const std::string file = write("rules/payments.rules", good_rules);
  EXPECT_EQ(weir_with({"check", file}).code, exit_code::fine);
  EXPECT_EQ(weir_with({"check", (folder_ / "rules").string()}).code, exit_code::fine);
  EXPECT_EQ(weir_with({"check", (folder_ / "rules" / "nowhere.rules").string()}).code, exit_code::found_something);
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_EQ(weir_with({"check", (folder_ / "empty").string()}).code, exit_code::found_something);
}

TEST_F(CommandLine, ChecksRulesOnceThatAConfigBroughtIn) {
  const std::string rules = write("payments.rules", good_rules);
  const Ran run = weir_with({"check", write("weir.yaml", config_with("amount > 0", "score > 1")), rules});
  EXPECT_EQ(run.code, exit_code::fine) << run.out;
  EXPECT_EQ(run.out.find("1 rule, "), run.out.rfind("1 rule, "));
}

TEST_F(CommandLine, AFolderWithAWeirYamlStandsForThatConfig) {
  write("here/payments.rules", good_rules + "test \"t\" { when payment expect outcome allow }\n");
  write("here/weir.yaml", config_with("amout > 0", "score > 1"));  // the mistake is in the config
  const std::string here = (folder_ / "here").string();
  for (const char* verb : {"check", "test", "run"}) {
    const Ran ran = weir_with({verb, here});
    EXPECT_NE(ran.code, exit_code::fine) << verb;
    EXPECT_THAT(ran.out + ran.err, HasSubstr("here/weir.yaml:6:25\n")) << verb;
  }
  EXPECT_THAT(weir_with({"demo", "--config", here}).err, HasSubstr("here/weir.yaml:6:25\n"));
  const std::string without = (folder_ / "without").string();
  std::filesystem::create_directories(without);
  for (const char* verb : {"run", "status"})
    EXPECT_THAT(weir_with({verb, without}).err,
                HasSubstr("cannot read the config file `" + without + "`: it is a folder without a weir.yaml"));
  write("here/weir.yaml", config_with("amount >= 0", "score > 1"));
  EXPECT_EQ(weir_with({"check", here}).out, weir_with({"check", here + "/weir.yaml"}).out);
  EXPECT_EQ(weir_with({"test", here}).out, weir_with({"test", here + "/weir.yaml"}).out);
  // Rules below it that it does not name are no less looked at than in a folder without one.
  write("here/more/more.rules", good_rules + "let\n");
  EXPECT_THAT(weir_with({"check", here}).out, HasSubstr("more/more.rules:17"));
  EXPECT_EQ(weir_with({"test", here}).code, exit_code::bad_configuration);
  EXPECT_EQ(weir_with({"fmt", "--check", here + "/more"}).code, weir_with({"fmt", "--check", here}).code);
}

TEST_F(CommandLine, WritesDiagnosticsAsJson) {
  write("payments.rules", good_rules);
  const Ran run = weir_with({"check", "--json", write("weir.yaml", config_with("amout > 0", "score > 1"))});
  EXPECT_EQ(run.code, exit_code::found_something);
  EXPECT_THAT(run.out, HasSubstr("\"line\": 6, \"column\": 25"));
  EXPECT_THAT(run.out, HasSubstr("\"rules\": 1, \"features\": 1"));
}

TEST_F(CommandLine, KeepsTheReferenceOfTheConfigUpToDate) {
  std::ifstream stream(std::filesystem::path(WEIR_SOURCE_DIR) / "config/README.md", std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  EXPECT_EQ(page, config_reference()) << "weir schema --markdown > config/README.md";
}

}  // namespace
}  // namespace weir
