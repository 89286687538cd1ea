// Times that rules compute may lie beyond the years that RFC 3339 can write.
#include <gmock/gmock.h>

#include "tests/unit/service/service_folder.h"

namespace weir {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* rules = R"(
event payment {
  id          string     id
  created_at  timestamp  time
  card_id     string     key
}
let due = created_at + 36500d
feature last_due = last(due) by card_id over 1h
rule any "Any" { when last_due is present then block reason "due {due}" update card_id set due = due }
policy { precedence block, allow
  otherwise -> allow }
)";

class ComputedTimesTest : public test::ServiceFolder {
 protected:
  ComputedTimesTest() : ServiceFolder(rules) {}
};

TEST_F(ComputedTimesTest, AreWrittenAsMillisecondsThere) {
  write(root_ / "records.jsonl",
        "{\"id\":\"a\",\"created_at\":\"2027-01-01T00:00:00Z\",\"card_id\":\"c\"}\n"
        "{\"id\":\"b\",\"created_at\":\"9999-12-31T23:59:59Z\",\"card_id\":\"d\"}\n");
  write(root_ / "weir.yaml",
        "version: 1\nsources:\n  payments: { file: { path: records.jsonl }, event: payment }\nrules: { files: [test.rules] }\nsinks:\n"
        "  decisions: { file: { path: decisions.jsonl }, features: all }\n"
        "  profiles: { file: { path: profiles.jsonl }, takes: profile_updates }\n"
        "dead_letters: { file: { path: dead.jsonl } }\nstate: { dir: state }\nruntime: { lanes: 1 }\nlog: { level: warn }\n");
  run(root_ / "weir.yaml");
  const std::vector<std::string> decisions = sorted_lines(".", "decisions.jsonl");
  ASSERT_EQ(decisions.size(), 2U);
  for (const std::string& line : decisions)
    EXPECT_THAT(line, line.find("\"event_id\":\"a\"") != std::string::npos
                          ? AllOf(HasSubstr("due 2126-12-08T00:00:00Z"), HasSubstr("\"last_due\":\"2126-12-08T00:00:00Z\""))
                          : AllOf(HasSubstr("due 256555900799000"), HasSubstr("\"last_due\":256555900799000}")));
  const std::vector<std::string> profiles = sorted_lines(".", "profiles.jsonl");
  ASSERT_EQ(profiles.size(), 2U);
  EXPECT_EQ(profiles[0].find("\"due\":256555900799000") == std::string::npos,
            profiles[1].find("\"due\":256555900799000") != std::string::npos);
}

}  // namespace
}  // namespace weir
