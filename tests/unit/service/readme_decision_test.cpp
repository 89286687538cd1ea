// The decision that rules/README.md shows is what its own rules decide.
#include "tests/unit/service/service_folder.h"

namespace weir {
namespace {

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin) + begin.size();
  return text.substr(from, text.find(end, from) - from);
}

std::string readme() {
  std::ifstream stream(std::string(WEIR_SOURCE_DIR) + "/rules/README.md");
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

class ReadmeDecisionTest : public test::ServiceFolder {
 protected:
  ReadmeDecisionTest() : ServiceFolder(between(readme(), "```\n", "```")) {}
};

TEST_F(ReadmeDecisionTest, IsThatOfTheFifthPayment) {
  const std::filesystem::path folder = root_ / "readme";
  std::filesystem::create_directories(root_ / "lists");
  std::filesystem::create_directories(folder);
  write(root_ / "lists" / "blocked_cards.txt", "c9\n");
  std::string records;
  for (int number = 1; number <= 5; ++number)
    records += R"({"id":"p)" + std::to_string(number) + R"(","created_at":"2027-01-01T12:00:0)" + std::to_string(number) +
               R"(Z","card_id":"c1","country":"DE","amount":1.20,"approved":true})" + "\n";
  write(folder / "records.jsonl", records);
  write(folder / "weir.yaml",
        "version: 1\nsources:\n  payments: { file: { path: records.jsonl }, event: payment }\nrules: { files: [\"../test.rules\"] }\n"
        "sinks:\n  block: { file: { path: block.jsonl }, when: outcome == block }\n"
        "  profile: { file: { path: profile.jsonl }, takes: profile_updates }\n"
        "dead_letters: { file: { path: dead.jsonl } }\nstate: { dir: state }\nlog: { level: warn }\n");
  run(folder / "weir.yaml");

  std::string shown = between(readme(), "<!-- decision: begin -->\n```\n", "\n```\n<!-- decision: end -->");
  for (std::size_t at = shown.find("\n "); at != std::string::npos; at = shown.find("\n ")) shown.erase(at, 2);
  // To mend it: put what is decided in the place of what is shown.
  EXPECT_EQ(sorted_lines("readme", "block.jsonl"), std::vector<std::string>{shown});

  const std::vector<std::string> updates = sorted_lines("readme", "profile.jsonl");
  ASSERT_EQ(updates.size(), 1U);
  const std::string update = between(readme(), R"(`{"id":...,)", ",...}`");
  EXPECT_NE(updates[0].find(update), std::string::npos) << update << '\n' << updates[0];
}

}  // namespace
}  // namespace weir
