#include "bench/fd1/oracle.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "bench/fd1/rules_text.h"
#include "bench/fd1/workload.h"
#include "engine/base/random.h"
#include "gtest/gtest.h"

namespace weir::fd1 {
namespace {

struct Arrival {
  std::int64_t time_ms;
  std::int64_t amount;
  std::uint32_t other;
};

// By definition: everything that arrived up to this one, with a time in (t - length, t].
KeyValues by_definition(const std::vector<Arrival>& arrivals) {
  const std::int64_t now = arrivals.back().time_ms;
  KeyValues values;
  for (std::size_t w = 0; w < windows_ms.size(); ++w) {
    WindowValues& window = values.windows[w];
    std::set<std::uint32_t> others;
    for (const Arrival& arrival : arrivals) {
      if (arrival.time_ms <= now - windows_ms[w] || arrival.time_ms > now) continue;
      ++window.count;
      window.sum += arrival.amount;
      window.max = std::max(window.max, arrival.amount);
      others.insert(arrival.other);
    }
    window.average = static_cast<double>(window.sum) / 10'000 / static_cast<double>(window.count);
    values.distinct = others.size();
  }
  return values;
}

TEST(KeyHistory, AnswersEveryPaymentByDefinition) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    KeyHistory history;
    std::vector<Arrival> arrivals;
    std::int64_t clock_ms = 1'000'000'000;
    for (int i = 0; i < 400; ++i) {
      // Ties, exact window edges, long gaps, and payments that are late by up to minutes.
      constexpr std::array<std::int64_t, 6> steps{0, 1, 500, 60'000, 300'000, 3'600'000};
      clock_ms += random.chance(0.02) ? windows_ms[3] : steps[random.below(steps.size())];
      const std::int64_t late_ms = random.chance(0.2) ? random.between(0, 400'000) : 0;
      arrivals.push_back({clock_ms - late_ms, random.between(1, 50) * 100, static_cast<std::uint32_t>(random.below(8))});
      const KeyValues values = history.add(arrivals.back().time_ms, arrivals.back().amount, arrivals.back().other);
      const KeyValues expected = by_definition(arrivals);
      ASSERT_EQ(values.distinct, expected.distinct) << "seed " << seed << " payment " << i;
      for (std::size_t w = 0; w < windows_ms.size(); ++w) {
        ASSERT_EQ(values.windows[w].count, expected.windows[w].count) << "seed " << seed << " payment " << i << " window " << w;
        ASSERT_EQ(values.windows[w].sum, expected.windows[w].sum);
        ASSERT_EQ(values.windows[w].max, expected.windows[w].max);
        ASSERT_NEAR(values.windows[w].average, expected.windows[w].average, 1e-9);
        ASSERT_EQ(values.windows[w].deviation.has_value(), expected.windows[w].count >= 2);
      }
    }
  }
}

TEST(KeyHistory, GivesTheDeviationOfTheSample) {
  KeyHistory history;
  history.add(1'000, 20'000, 1);
  history.add(1'001, 40'000, 1);
  const KeyValues values = history.add(1'002, 90'000, 1);
  ASSERT_TRUE(values.windows[0].deviation.has_value());
  EXPECT_NEAR(*values.windows[0].deviation, std::sqrt(13.0), 1e-12);  // of 2, 4, 9
}

TEST(Oracle, AnswersTheSharesThatTheWorkloadIsMadeFor) {
  Workload workload(*workload_size("T"), 1);
  Oracle oracle(Variant::fd1c);
  std::size_t fired = 0;
  std::size_t events = 0;
  std::array<bool, rule_count> seen{};
  for (WorkloadRecord record; workload.next(record);) {
    const auto event = parse_event(record.value);
    if (!event) continue;
    const OracleDecision decision = oracle.decide(*event);
    int score = 0;
    for (const std::size_t rule : decision.rules) {
      score += 1 + static_cast<int>(rule % 9);
      seen[rule] = true;
    }
    ASSERT_EQ(decision.score, score);
    fired += decision.rules.size();
    ++events;
  }
  EXPECT_GT(fired, events / 10);
  EXPECT_GT(std::count(seen.begin(), seen.end(), true), 12);  // the windows of a day see most
}

TEST(RulesText, IsWhatTheRulesFilesHold) {
  for (const auto& [variant, name] : {std::pair{Variant::fd1c, "fd1c"}, std::pair{Variant::fd1, "fd1"}}) {
    const std::string path = std::string(WEIR_SOURCE_DIR) + "/bench/fd1/" + name + ".rules";
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), rules_text(variant)) << path << ": write it with fd1_rules " << name;
  }
}

}  // namespace
}  // namespace weir::fd1
