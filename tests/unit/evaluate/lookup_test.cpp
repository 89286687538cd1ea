// Lookups in rules: against plain maps, over whole batches, for single keys and for ranges, ints and texts.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "tests/support/rule_trial.h"

namespace weir::test {
namespace {

using testing::ElementsAre;

class Lookups : public testing::Test {
 protected:
  Lookups() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-lookups-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Lookups() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }

  std::filesystem::path folder_;
};

std::string event_text() {
  return "event payment {\n  created_at timestamp time\n  card_id string key\n  bin int?\n  prefix string?\n}\n";
}

RuleTrial::Row row(RuleTrial::Row more) {
  more.insert({{"created_at", "2026-01-05T10:00:00Z"}, {"card_id", "c"}});
  return more;
}

TEST_F(Lookups, ReadEveryTypeAndAreMissingWithoutKeyOrCell) {
  const std::string bins = write("bins.csv",
                                 "bin,country,level,risk,since,prepaid,weight\n"
                                 "411111,DE,gold,0.25,2026-01-01,true,1.5\n"
                                 "422222,FR,,,2026-01-01T10:00:00Z,,0\n");
  RuleTrial trial(event_text() + "lookup bins from \"" + bins + "\" key bin of int {\n" + R"(
  country string
  level string?
  risk decimal(2)?
  since timestamp
  prepaid bool?
  weight float
}
let country = lookup(bins, bin).country
let level = lookup(bins, bin).level
let risk = lookup(bins, bin).risk
let since = lookup(bins, bin).since
let prepaid = lookup(bins, bin).prepaid
let weight = lookup(bins, bin).weight
let fixed = lookup(bins, 411111).country
let nobody = lookup(bins, 5).country
rule all "All" { when true then alert reason "{country} {level} {risk} {since} {prepaid} {weight} {fixed} {nobody}" }
rule prepaid_card "Prepaid" { when lookup(bins, bin).prepaid then alert }
rule other "Not prepaid" { when lookup(bins, bin).prepaid == false then alert }
rule known "Known" { when country is present and fixed == "DE" and nobody is missing then alert }
)");
  trial.judge({row({{"bin", "411111"}}), row({{"bin", "422222"}}), row({{"bin", "1"}}), row({})});
  EXPECT_THAT(trial.fired(0), ElementsAre("all: DE gold 0.25 2026-01-01T00:00:00Z true 1.5 DE ?", "prepaid_card: Prepaid", "known: Known"));
  EXPECT_THAT(trial.fired(1), ElementsAre("all: FR ? ? 2026-01-01T10:00:00Z ? 0 DE ?", "known: Known"));
  EXPECT_THAT(trial.fired(2), ElementsAre("all: ? ? ? ? ? ? DE ?"));
  EXPECT_THAT(trial.fired(3), ElementsAre("all: ? ? ? ? ? ? DE ?"));
}

// One random file a kind of key; what a plain walk over its rows finds is expected.
struct Ranges {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::string country;
};

std::string fixed_width(std::int64_t key) {
  std::string text = std::to_string(key);
  return std::string(6 - text.size(), '0') + text;
}

TEST_F(Lookups, FindWhatAWalkOverTheRowsFinds) {
  Random random(11);
  for (const std::size_t count : {0U, 1U, 2U, 50U, 3'000U}) {
    std::vector<Ranges> rows;
    std::int64_t next = 0;
    for (std::size_t index = 0; index < count; ++index) {
      const std::int64_t first = next + static_cast<std::int64_t>(random.below(60));
      const std::int64_t last = first + static_cast<std::int64_t>(random.below(40));
      rows.push_back({first, last, "C" + std::to_string(random.below(20))});
      next = last + 1;
    }
    for (std::size_t index = rows.size(); index > 1; --index) std::swap(rows[index - 1], rows[random.below(index)]);
    std::string csv = "note,last,first,first_text,last_text,country\n";
    for (const Ranges& each : rows)
      csv += "\"a, b\"," + std::to_string(each.last) + "," + std::to_string(each.first) + "," + fixed_width(each.first) + "," +
             fixed_width(each.last) + "," + each.country + "\n";
    const std::string path = "from \"" + write("ranges.csv", csv) + "\" key ";
    RuleTrial trial(event_text() + "lookup a " + path + "first of int { country string }\nlookup b " + path +
                    "first_text of string { country string }\nlookup c " + path +
                    "from first to last of int { country string }\nlookup d " + path +
                    "from first_text to last_text of string { country string }\n" + R"(
let a = lookup(a, bin).country
let b = lookup(b, prefix).country
let c = lookup(c, bin).country
let d = lookup(d, prefix).country
rule all "All" { when true then alert reason "{a} {b} {c} {d}" }
)");
    for (const std::size_t batch : {1U, 63U, 200U}) {
      std::vector<RuleTrial::Row> events;
      std::vector<std::optional<std::int64_t>> keys;
      for (std::size_t event = 0; event < batch; ++event) {
        std::int64_t key = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(next) + 70));
        if (!rows.empty() && random.chance(0.5))
          key = random.chance(0.5) ? rows[random.below(count)].first : rows[random.below(count)].last;
        keys.push_back(random.chance(0.1) ? std::nullopt : std::optional(key));
        events.push_back(keys.back() ? row({{"bin", std::to_string(key)}, {"prefix", fixed_width(key)}}) : row({}));
      }
      trial.judge(events);
      for (std::size_t event = 0; event < batch; ++event) {
        std::string single = "?";
        std::string within = "?";
        for (const Ranges& each : rows) {
          if (keys[event] && each.first == *keys[event]) single = each.country;
          if (keys[event] && each.first <= *keys[event] && *keys[event] <= each.last) within = each.country;
        }
        ASSERT_THAT(trial.fired(event), ElementsAre("all: " + single + " " + single + " " + within + " " + within));
      }
    }
  }
}

TEST_F(Lookups, ATextOfAnotherLengthIsInNoRange) {
  const std::string path = write("ranges.csv", "first,last,country\n4000,4999,DE\n");
  RuleTrial trial(event_text() + "lookup r from \"" + path + "\" key from first to last of string { country string }\n" +
                  "rule known \"Known\" { when lookup(r, prefix).country == \"DE\" then alert }\n");
  trial.judge({row({{"prefix", "4500"}}), row({{"prefix", "45000"}}), row({{"prefix", "45"}}), row({{"prefix", ""}})});
  EXPECT_EQ(trial.fired(0).size(), 1U);
  for (std::size_t at = 1; at < 4; ++at) EXPECT_EQ(trial.fired(at).size(), 0U);
}

}  // namespace
}  // namespace weir::test
