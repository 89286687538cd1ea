// Tests of rules run as the config treats records: filters, late events, duplicates.
#include <gmock/gmock.h>

#include "engine/app/test_terms.h"
#include "rules/testing/run_tests.h"
#include "tests/unit/service/service_folder.h"

namespace weir {
namespace {

constexpr const char* rules = R"(
event payment {
  id          string     id
  created_at  timestamp  time
  card_id     string     key
  amount      decimal
}
event login {
  id          string     id
  created_at  timestamp  time
  card_id     string     key
  ok          bool
}
feature payments = count() from payment by card_id over 10m
rule many "Many" on payment { when payments >= 3 then block }
policy {
  precedence block, alert, allow
  otherwise -> allow
}

test "what the filter passes over is in no window" {
  given 3 payment { card_id: "c", amount: 0.50 }
  when payment { card_id: "c", amount: 0.50 }
  expect no decision
  when payment { card_id: "c", amount: 5.00 }
  expect payments == 1
  expect no rule many
  when login { card_id: "c", ok: true }
  expect outcome allow
}
test "a duplicate has the decision of the first" {
  given 2 payment { card_id: "c", amount: 5.00 }
  when payment { id: "x", card_id: "c", amount: 5.00 }
  expect rule many
  when payment { id: "x", card_id: "d", amount: 7.00 }
  expect rule many
  expect outcome block
  expect payments == 3 and amount == 5 and card_id == "c"
  when payment after 2h { id: "x", card_id: "d", amount: 7.00 }
  expect payments == 1
}
test "what is too late is dropped" {
  given payment { card_id: "c", amount: 5.00 }
  when payment { card_id: "c", amount: 5.00, created_at: 2026-12-31T12:00:00Z }
  expect no decision
}
)";

class TestsOfConfigTest : public test::ServiceFolder {
 protected:
  TestsOfConfigTest() : ServiceFolder(rules) {}

  // What fails, by its label.
  std::vector<std::string> failures(const std::string& mapping, const std::string& state) {
    write(root_ / "records.jsonl", "");
    write(root_ / "weir.yaml",
          "version: 1\nsources:\n  payments: { file: { path: records.jsonl }, event: payment" + mapping +
              " }\n  logins: { file: { path: records.jsonl }, event: login }\nrules: { files: [\"test.rules\"] }\n"
              "sinks:\n  decisions: { console: {} }\ndead_letters: { file: { path: dead.jsonl } }\nstate: { dir: state" +
              state + " }\n");
    const auto configuration = load_configuration(root_ / "weir.yaml", {}, process_environment());
    EXPECT_TRUE(configuration->usable()) << render(configuration->diagnostics, false);
    std::vector<std::string> labels;
    for (const Diagnostic& failed :
         judge_by_tests(*configuration->rules, test_terms(*configuration, *configuration->load.settings)).failures)
      labels.push_back(failed.label);
    return labels;
  }
};

TEST_F(TestsOfConfigTest, FiltersLateEventsAndDuplicatesAreThoseOfTheService) {
  const std::string filter = ", mapping: { filter: \"amount > 1\" }";
  const std::string state = ", late: { then: drop }, duplicates: { horizon: 1h }";
  EXPECT_THAT(failures(filter, state), testing::ElementsAre());
  EXPECT_THAT(failures(filter, ", late: { then: dead_letter }, duplicates: { horizon: 1h }"), testing::ElementsAre());
  EXPECT_THAT(failures("", state), testing::ElementsAre("the event is decided: `block`", "this is false", "the rule fired"));
  EXPECT_THAT(failures(filter, ", late: { then: drop }"),
              testing::ElementsAre("the rule did not fire", "the outcome is `allow`", "this is false"));
  EXPECT_THAT(failures(filter, ", duplicates: { horizon: 1h }"), testing::ElementsAre("the event is decided: `allow`"));
}

}  // namespace
}  // namespace weir
