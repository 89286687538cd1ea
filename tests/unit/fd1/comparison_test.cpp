#include "bench/fd1/comparison.h"

#include <string>

#include "gtest/gtest.h"

namespace weir::fd1 {
namespace {

std::string decision(const std::string& id, const std::string& outcome, int score, const std::string& reasons) {
  return R"({"id":"00","event_id":")" + id + R"(","outcome":")" + outcome + R"(","score":)" + std::to_string(score) + R"(,"reasons":[)" +
         reasons + "]}";
}

class ComparisonTest : public testing::Test {
 protected:
  void SetUp() override {
    comparison_.expect_decision("p1", "allow 0 -");
    comparison_.expect_decision("p2", "alert 26 r03,r17");
    comparison_.expect_dead_letter("{broken");
  }
  void take_all() {
    comparison_.decision(decision("p1", "allow", 0, ""));
    comparison_.decision(decision("p2", "alert", 26, R"({"rule":"r17","text":""},{"rule":"r03","text":""})"));
    comparison_.dead_letter("{broken");
  }

  Comparison comparison_;
};

TEST_F(ComparisonTest, IsContentWhenEverythingCameOnce) {
  take_all();
  EXPECT_EQ(comparison_.summary().differences, 0U);
  EXPECT_EQ(comparison_.summary().expected, 2U);
  EXPECT_EQ(comparison_.summary().dead_letters, 1U);
}

TEST_F(ComparisonTest, MissesWhatDidNotCome) {
  const Comparison::Summary summary = comparison_.summary();
  EXPECT_EQ(summary.missing, 2U);
  EXPECT_EQ(summary.dead_letters_missing, 1U);
  EXPECT_EQ(summary.differences, 3U);
}

TEST_F(ComparisonTest, ComplainsOfASecondDecisionAndASecondDeadLetter) {
  take_all();
  comparison_.decision(decision("p1", "allow", 0, ""));
  comparison_.dead_letter("{broken");
  EXPECT_EQ(comparison_.summary().differences, 2U);
}

TEST_F(ComparisonTest, ComplainsOfAnotherOutcomeScoreOrRule) {
  comparison_.decision(decision("p1", "block", 0, ""));
  EXPECT_EQ(comparison_.summary().differences, 1U + 1 + 1);  // and p2 and the dead letter are missing
  comparison_.decision(decision("p2", "alert", 27, R"({"rule":"r03"},{"rule":"r17"})"));
  EXPECT_EQ(comparison_.summary().differences, 2U + 1);
  comparison_.decision(decision("p2", "alert", 26, R"({"rule":"r03"})"));
  EXPECT_EQ(comparison_.summary().differences, 2U + 1 + 2);
}

TEST_F(ComparisonTest, ComplainsOfStrangersAndOfWhatIsNoDecision) {
  take_all();
  comparison_.decision(decision("p3", "allow", 0, ""));
  comparison_.decision("{}");
  comparison_.decision("no JSON");
  comparison_.dead_letter("{whole}");
  EXPECT_EQ(comparison_.summary().differences, 4U);
  EXPECT_EQ(comparison_.summary().complaints.size(), 4U);
}

TEST(AnswerText, NamesRulesWithTwoDigits) {
  OracleDecision decision;
  EXPECT_EQ(answer_text(decision), "allow 0 -");
  decision.score = 46;
  decision.rules = {3, 17};
  EXPECT_EQ(answer_text(decision), "block 46 r03,r17");
}

}  // namespace
}  // namespace weir::fd1
