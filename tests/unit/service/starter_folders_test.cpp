// What `weir create` writes passes every check, and runs.
#include "engine/app/starter_folders.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/child_process.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class StarterFolders : public ::testing::TestWithParam<std::vector<std::string>> {
 protected:
  StarterFolders() {
    std::string pattern = (fs::temp_directory_path() / "weir_starter_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~StarterFolders() override { fs::remove_all(folder_); }

  int weir(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), WEIR_BINARY);
    return test::run_and_read(arguments, (folder_ / "log").string(), said_);
  }

  fs::path folder_;
  std::string said_;
};

TEST_P(StarterFolders, PassAllChecksAndRun) {
  const std::string name = GetParam()[0];
  const std::string config = (folder_ / name / "weir.yaml").string();
  ASSERT_EQ(weir({"create", name, (folder_ / name).string()}), 0) << said_;
  EXPECT_EQ(weir({"create", name, (folder_ / name).string()}), 64) << said_;
  EXPECT_EQ(weir({"check", config}), 0) << said_;
  EXPECT_THAT(said_, ::testing::Not(::testing::HasSubstr("warning")));
  EXPECT_EQ(weir({"test", config}), 0) << said_;
  EXPECT_EQ(weir({"fmt", "--check", (folder_ / name).string()}), 0) << said_;
  std::vector<std::string> run{"run", config, "--set", GetParam()[1]};
  if (name == "card-payments") run.insert(run.end(), {"--set", "sources.payments.generator.rate=5000"});
  EXPECT_EQ(weir(run), 0) << said_;
  EXPECT_THAT(said_, ::testing::HasSubstr(GetParam()[2]));
}

// What people do first: the rule of the page's own "Your first rule", as it stands there.
TEST_P(StarterFolders, TheFirstRuleOfTheirPagePassesItsTest) {
  const fs::path folder = folder_ / GetParam()[0];
  ASSERT_EQ(weir({"create", GetParam()[0], folder.string()}), 0) << said_;
  std::ifstream page(folder / "README.md");
  std::string rule;
  bool within = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "   ```") {
      within = !within;
    } else if (within) {
      rule += line.substr(std::min<std::size_t>(line.size(), 3)) + '\n';
    }
  }
  EXPECT_THAT(rule, ::testing::HasSubstr("\ntest \""));
  for (const auto& entry : fs::directory_iterator(folder / "rules")) std::ofstream(entry.path(), std::ios::app) << '\n' << rule;
  EXPECT_EQ(weir({"test", (folder / "weir.yaml").string()}), 0) << said_;
  EXPECT_EQ(weir({"check", (folder / "weir.yaml").string()}), 0) << said_;
  EXPECT_THAT(said_, ::testing::Not(::testing::HasSubstr("warning")));
  EXPECT_EQ(weir({"fmt", "--check", folder.string()}), 0) << said_;
}

INSTANTIATE_TEST_SUITE_P(All, StarterFolders,
                         ::testing::Values(std::vector<std::string>{"card-payments", "sources.payments.generator.count=30000",
                                                                    "card_testing"},
                                           std::vector<std::string>{"account-takeover", "sources.accounts.file.follow=false", "drained"},
                                           std::vector<std::string>{"payouts", "sources.payouts.file.follow=false", "fresh_bank_account"}),
                         [](const auto& about) {
                           std::string name = about.param[0];
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(StarterFiles, AreThoseOfTheRepository) {
  const fs::path root = fs::path(WEIR_SOURCE_DIR) / "config/templates";
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(starter_files().size(), files);
  for (const StarterFile& file : starter_files()) {
    std::ifstream stream(root / file.folder / file.path, std::ios::binary);
    EXPECT_EQ(file.text, (std::string{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()})) << file.path;
  }
}

}  // namespace
}  // namespace weir
