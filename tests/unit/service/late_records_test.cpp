// How late an event may be is one setting, for windows and for patterns alike.
#include "tests/unit/service/service_folder.h"

namespace weir {
namespace {

constexpr const char* rules = R"(
event payment {
  id          int            id
  created_at  timestamp(ms)  time
  card_id     string         key
  amount      decimal(2)
}
feature payments_1m = count() by card_id over 1m
pattern probe by card_id within 1m { small: amount < 5 then large: amount > 100 }
rule counted "Second payment within a minute" { when payments_1m == 2 score 1 }
rule probed "Small, then large" { when probe matched score 2 }
)";

class LateRecordsTest : public test::ServiceFolder {
 protected:
  LateRecordsTest() : ServiceFolder(rules) {}

  // The score of a pair of late payments, small and large, behind one that is `lateness` newer; -1 where it is not decided.
  double score_of_late_pair(const std::string& name, const std::string& late, std::int64_t lateness) {
    constexpr std::int64_t noon = 1'767'268'800'000;
    const auto payment = [](int id, std::int64_t at, const std::string& amount) {
      return R"({"id":)" + std::to_string(id) + R"(,"created_at":)" + std::to_string(at) + R"(,"card_id":"c1","amount":)" + amount + "}\n";
    };
    const std::filesystem::path folder = root_ / name;
    std::filesystem::create_directories(folder);
    write(folder / "records.jsonl", payment(1, noon + lateness, "1") + payment(2, noon - 1'000, "1") + payment(3, noon, "200"));
    write(folder / "weir.yaml",
          "version: 1\nsources:\n  payments: { file: { path: records.jsonl }, event: payment }\n"
          "rules: { files: [\"../test.rules\"] }\nsinks:\n  decisions: { file: { path: decisions.jsonl }, when: \"amount == 200\" }\n"
          "dead_letters: { file: { path: dead.jsonl } }\n"
          "state: { dir: state, late: { " +
              late + " } }\nruntime: { lanes: 1 }\nlog: { level: warn }\n");
    run(folder / "weir.yaml");
    const std::vector<std::string> decided = sorted_lines(name, "decisions.jsonl");
    constexpr std::string_view before = R"("score":)";
    if (decided.size() != 1 || decided.front().find(before) == std::string::npos) return -1;
    return std::stod(decided.front().substr(decided.front().find(before) + before.size()));
  }
};

TEST_F(LateRecordsTest, WindowsAndPatternsRememberWhatIsAsLateAsAllowed) {
  EXPECT_EQ(score_of_late_pair("half_a_minute", "allowed: 30s", 85'000), 3);
  EXPECT_EQ(score_of_late_pair("too_late", "allowed: 30s", 95'000), 0);
  EXPECT_EQ(score_of_late_pair("a_day", "allowed: 1d", 86'400'000), 3);
  EXPECT_EQ(score_of_late_pair("nothing_more", "allowed: 0s", 61'000), 0);
}

}  // namespace
}  // namespace weir
