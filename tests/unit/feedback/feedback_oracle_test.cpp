// Rules that read what rules write, whatever the batches, against an oracle that takes one event at a time.
#include "tests/support/feedback_oracle.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "tests/support/rules_lane.h"

namespace weir::test {
namespace {

constexpr const char* event_text = R"(event payment {
  id string id
  at timestamp(ms) time
  card string key
  device string?
  merchant string
  kind int
  amount decimal(2)
  approved bool?
}
)";

std::string pick(Random& random, const std::vector<std::string>& choices) {
  return choices[random.below(choices.size())];
}

std::string random_key(Random& random) {
  return pick(random, {"card", "card", "device, card", "kind, card", "merchant"});
}

// One of each kind of feedback, with keys, windows, thresholds and writers drawn at random. A definition a line.
std::string random_rules(Random& random, const std::string& fact_key, const std::string& second_key) {
  const auto card_key = [&] { return random_key(random); };
  const auto window = [&] { return pick(random, {"30s", "2m", "10m", "1h"}); };
  const auto life = [&] { return pick(random, {"", " for 20s", " for 3m", " for 1h"}); };
  std::string text = event_text;
  text += "feature blocks = count() by " + card_key() + " over " + window() + " where outcome == block\n";
  text += "feature scored = " + pick(random, {"sum(amount)", "max(amount)", "distinct(merchant)", "last(amount)"}) + " by " + card_key() +
          " over " + window() + " where score >= 10 and amount > 3\n";
  text +=
      "feature often = count() by " + card_key() + " over " + window() + pick(random, {"", " inclusive", " excluding this event"}) + "\n";
  text += "feature sold = sum(amount) by " + card_key() + " over " + window() + pick(random, {"", " where approved"}) + "\n";
  text += "feature alerts = count() by " + card_key() + " over " + window() + " where outcome in [alert, block]\n";
  text += "feature plain = count() by " + card_key() + " over " + window() + "\n";
  text += "pattern probe by " + card_key() + " within " + window() +
          " { small: amount < 3.00 then big: amount > 2 * small.amount and merchant != small.merchant }\n";
  text += "pattern fails by " + card_key() + " within " + window() + " { 2 x approved == false then approved }\n";
  text += "pattern climb by " + card_key() + " within " + window() +
          " { a: kind == 1 then b: amount > a.amount and kind != 2 then c: merchant == a.merchant and amount >= b.amount }\n";
  text += "let level = coalesce(profile(" + fact_key + ").level, 0)\nlet spent = profile(" + second_key + ").spent\nlet mark = profile(" +
          fact_key + ").mark\nlet hot = profile(card).hot\n";
  text +=
      "rule show \"Show\" { when true score 0 reason \"{blocks} {scored} {often} {sold} {alerts} {plain} {level} {spent} {mark} {hot}\" "
      "}\n";
  text += "rule large \"Large\" { when amount > " + std::to_string(random.between(3, 8)) + " then " + pick(random, {"block", "alert"}) +
          " update " + fact_key + " set level = level + 1" + life() + " }\n";
  text += "rule marks \"Marks\" { when kind == 0 score 10 update " + fact_key + " set mark = merchant" + life() +
          " update card set hot = approved" + life() + " }\n";
  text += "rule more \"More\" { when level >= " + std::to_string(random.between(1, 3)) + " score 20 update " + second_key +
          " set spent = coalesce(spent, 0) + amount" + life() + " }\n";
  text += "rule calm \"Calm\" { when level >= 3 or hot score 5 update " + fact_key + " unset level }\n";
  text += "rule again \"Again\" { when blocks >= 2 and not hot then alert score 5 }\n";
  text += "rule third \"Third\" { when often >= " + std::to_string(random.between(2, 4)) + " score 15 reset often }\n";
  text += "rule empty \"Empty\" { when sold > 10 or mark == \"m1\" score 5 reset sold, alerts }\n";
  text += "rule probed \"Probed\" { when probe matched then block }\n";
  text += "rule failed \"Failed\" { when fails matched score 7 update card set hot = true" + life() + " }\n";
  text += "rule climbed \"Climbed\" { when climb matched score 3 reset often }\n";
  text += "policy { precedence block, alert, allow score >= 40 -> block score >= 20 -> alert otherwise -> allow }\n";
  return text;
}

std::string random_rules(Random& random) {
  const std::string fact_key = random_key(random);
  const std::string second_key = random_key(random);
  return random_rules(random, fact_key, second_key);
}

// Another version: about a third of the definitions are others, a fact and a field come or go.
std::string changed_rules(Random& random, const std::string& rules, const std::string& fact_key, const std::string& second_key) {
  std::istringstream before(rules);
  std::istringstream other(random_rules(random, fact_key, second_key));
  const bool has_note = random.chance(0.5);
  std::string text;
  std::string line;
  std::string other_line;
  while (std::getline(before, line)) {
    if (line.find("note string?") != std::string::npos || line.find("tag") != std::string::npos) continue;
    std::getline(other, other_line);
    text += (random.chance(0.3) ? other_line : line) + "\n";
    if (has_note && line.find("card string key") != std::string::npos) text += "  note string?\n";
  }
  if (random.chance(0.3)) return text;
  text += "let tag = profile(card).tag\n";
  text += "rule tags \"Tags\" { when kind == 2 score 1 update card set tag = merchant }\n";
  return text + "rule tagged \"Tagged\" { when tag == \"m1\" score 6 reason \"{tag}\" }\n";
}

// Times are those of arrival or earlier by less than the shortest window, so that no event is too late.
std::vector<FakeReader::Record> random_stream(Random& random, std::size_t count, std::size_t cards) {
  std::vector<FakeReader::Record> records;
  std::int64_t now = 1'000'000'000;
  for (std::size_t number = 0; number < count; ++number) {
    now += random.chance(0.2) ? 0 : random.between(0, 15'000);
    const std::int64_t at = random.chance(0.15) ? now - random.between(0, 25'000) : now;
    const std::string card = "c" + std::to_string(random.below(cards));
    std::string text = R"({"id":"p)" + std::to_string(number) + R"(","at":)" + std::to_string(at) + R"(,"card":")" + card + '"';
    if (random.chance(0.8)) text += R"(,"device":"d)" + std::to_string(random.below(3)) + '"';
    text += R"(,"merchant":"m)" + std::to_string(random.below(3)) + R"(","kind":)" + std::to_string(random.below(3));
    text += R"(,"amount":)" + std::to_string(random.below(10)) + "." + std::to_string(random.between(10, 99));
    if (random.chance(0.9)) text += random.chance(0.5) ? R"(,"approved":true)" : R"(,"approved":false)";
    records.push_back({card, text + "}"});
  }
  return records;
}

using Coming = std::vector<std::pair<std::int64_t, std::string>>;

std::vector<std::string> expected(const CheckedRules& rules, const std::vector<FakeReader::Record>& records, const Coming& coming = {}) {
  FeedbackOracle oracle(rules);
  std::deque<CheckedRules> later;
  auto parser = std::make_unique<JsonParser>(rules.event, ParseLimits{});
  std::deque<std::string> bytes;  // the events point into them
  std::vector<std::string> all;
  for (const FakeReader::Record& record : records) {
    if (later.size() < coming.size() && coming[later.size()].first == static_cast<std::int64_t>(all.size())) {
      const CheckedRules& next = later.emplace_back(check_or_abort(coming[later.size()].second));
      oracle.switch_to(next);
      parser = std::make_unique<JsonParser>(next.event, ParseLimits{});
    }
    bytes.push_back(record.value + std::string(Arena::padding_bytes, '\0'));
    RecordBatch batch;
    batch.records.emplace_back();
    batch.records[0].value = std::string_view(bytes.back()).substr(0, record.value.size());
    batch.records[0].has_value = true;
    EventBatch events;
    std::vector<Reject> rejects;
    parser->parse(batch, events, rejects);
    EXPECT_EQ(events.rows, 1U);
    all.push_back(oracle.decide(std::move(events)));
  }
  return all;
}

// The decision as the oracle writes it, read off its bytes.
std::string told(const std::string& decision) {
  const auto after = [&](const std::string& text, const std::string& mark, std::size_t from = 0) {
    const std::size_t at = text.find(mark, from);
    return at == std::string::npos ? std::string::npos : at + mark.size();
  };
  std::size_t at = after(decision, "\"outcome\":\"");
  std::string text = decision.substr(at, decision.find('"', at) - at) + " ";
  at = after(decision, "\"score\":", at);
  text += std::to_string(std::stoll(decision.substr(at)) * 10'000);
  const std::size_t end = decision.find("\"features\":");
  for (at = after(decision, "{\"rule\":\"", at); at < end; at = after(decision, "{\"rule\":\"", at)) {
    text += " " + decision.substr(at, decision.find('"', at) - at) + ":";
    const std::size_t reason = after(decision, "\"text\":\"", at);
    text += decision.substr(reason, decision.find('"', reason) - reason);
  }
  return text;
}

std::vector<std::string> told(const std::vector<std::string>& decisions) {
  std::vector<std::string> all;
  for (const std::string& decision : decisions) all.push_back(told(decision));
  return all;
}

// Stops at the first difference: what comes after it follows from it.
void expect_same(const std::vector<std::string>& actual, const std::vector<std::string>& wanted) {
  ASSERT_EQ(actual.size(), wanted.size());
  for (std::size_t row = 0; row < wanted.size(); ++row) ASSERT_EQ(actual[row], wanted[row]) << "event " << row;
}

TEST(FeedbackOracle, RandomRulesDecideLikeOneEventAtATime) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string rules = random_rules(random);
    const std::vector<FakeReader::Record> records = random_stream(random, 260, seed % 3 == 0 ? 1 : 1 + random.below(6));
    const std::vector<std::string> wanted = expected(check_or_abort(rules), records);
    std::vector<std::string> first_decisions;
    std::vector<std::string> first_updates;
    for (const std::size_t batch_size : {256U, 7U, 1U, 64U}) {
      SCOPED_TRACE("batches of " + std::to_string(batch_size));
      RulesLane lane(rules, batch_size);
      lane.assign();
      lane.feed(records);
      ASSERT_NO_FATAL_FAILURE(expect_same(told(lane.decisions()), wanted)) << rules;
      if (first_decisions.empty()) {
        first_decisions = lane.decisions();
        first_updates = lane.updates();
      }
      ASSERT_NO_FATAL_FAILURE(expect_same(lane.decisions(), first_decisions));
      ASSERT_NO_FATAL_FAILURE(expect_same(lane.updates(), first_updates));
    }
  }
}

TEST(FeedbackOracle, AMuteReplayRebuildsWhatRulesWrote) {
  for (std::uint64_t seed = 100; seed < 106; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string rules = random_rules(random);
    const std::vector<FakeReader::Record> records = random_stream(random, 300, 4);
    RulesLane whole(rules, 64);
    whole.assign();
    whole.feed(records);
    RulesLane restarted(rules, 50);
    restarted.assign(170);
    restarted.feed(records);
    const std::vector<std::string> decisions = whole.decisions();
    ASSERT_NO_FATAL_FAILURE(expect_same(restarted.decisions(), {decisions.begin() + 170, decisions.end()}));
  }
}

TEST(FeedbackOracle, OverReloadsWhatIsUnchangedGoesOnAndAReplayThroughThemDecidesTheSame) {
  for (std::uint64_t seed = 200; seed < 230; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string fact_key = random_key(random);
    const std::string second_key = random_key(random);
    const std::string rules = random_rules(random, fact_key, second_key);
    const std::vector<FakeReader::Record> records = random_stream(random, 320, 1 + random.below(5));
    Coming coming;
    std::int64_t offset = 0;
    for (int change = 0; change < 4; ++change) {
      offset += random.between(20, 90);
      coming.emplace_back(offset, changed_rules(random, coming.empty() ? rules : coming.back().second, fact_key, second_key));
    }
    const std::vector<std::string> wanted = expected(check_or_abort(rules), records, coming);
    std::vector<std::string> first;
    for (const std::size_t batch_size : {256U, 7U, 1U}) {
      SCOPED_TRACE("batches of " + std::to_string(batch_size));
      RulesLane lane(rules, batch_size);
      lane.assign(0, coming);
      lane.feed(records);
      ASSERT_NO_FATAL_FAILURE(expect_same(told(lane.decisions()), wanted)) << rules << coming.back().second;
      if (first.empty()) first = lane.decisions();
      ASSERT_NO_FATAL_FAILURE(expect_same(lane.decisions(), first));
    }
    const auto live_from = static_cast<std::ptrdiff_t>(random.between(1, 300));
    RulesLane restarted(rules, 50);
    restarted.assign(live_from, coming);
    restarted.feed(records);
    ASSERT_NO_FATAL_FAILURE(expect_same(restarted.decisions(), {first.begin() + live_from, first.end()}));
  }
}

}  // namespace
}  // namespace weir::test
