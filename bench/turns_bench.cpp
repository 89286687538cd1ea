// The longest turns of a lane, by the CPU time of its thread: while its tables fill, while idle keys are forgotten, and at reloads. What
// grows with the number of keys would show here, however rare it is. `turns_bench [KEYS [BATCH]]`; in memory, without threads but the one
// that keeps pages ready.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <time.h>
#include <utility>
#include <vector>

#include "bench/in_memory.h"
#include "engine/base/check.h"
#include "engine/features/ready_pages.h"
#include "engine/pipeline/lane.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/check_rules.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t day_ms = 86'400'000;

double thread_cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

struct Event {
  std::uint64_t id = 0;
  std::int64_t time_ms = 0;
  std::uint64_t card = 0;
  std::uint64_t device = 0;
};

// Holds the next batch, made before the turn that takes it.
class BatchReader final : public LaneReader {
 public:
  void make(const std::vector<Event>& events, std::int64_t offset) {
    text_.clear();
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (const Event& event : events) {
      const std::size_t begin = text_.size();
      char line[256];
      const int size = std::snprintf(
          line, sizeof line, R"({"id":"payment-%012lu","at":%ld,"card":"card-%09lu","device":"d%09lu","shop":"shop-%lu","amount":%lu.50})",
          event.id, event.time_ms, event.card, event.device, event.id % 1000, event.id % 977);
      text_.append(line, static_cast<std::size_t>(size));
      places.emplace_back(begin, static_cast<std::size_t>(size));
    }
    batch_.shard = 0;
    batch_.epoch = 1;
    batch_.records.clear();
    for (std::size_t index = 0; index < events.size(); ++index) {
      RecordView view;
      view.value = {text_.data() + places[index].first, places[index].second};
      view.key = view.value.substr(0, 0);
      view.offset = offset + static_cast<std::int64_t>(index);
      view.timestamp_ms = events[index].time_ms;
      view.has_key = true;
      view.has_value = true;
      batch_.records.push_back(view);
    }
    ready_ = true;
  }
  bool taken() const { return !ready_; }

  RecordBatch* poll(std::chrono::microseconds) override { return std::exchange(ready_, false) ? &batch_ : nullptr; }
  void release(RecordBatch*) override {}
  void pause(ShardIndex) override {}
  void resume(ShardIndex) override {}
  void wake() noexcept override {}

 private:
  std::string text_;
  RecordBatch batch_;
  bool ready_ = false;
};

class NullSink final : public TakingSink {
  void look(const OutputBatch&, std::uint32_t) override {}
};

const std::string event_text =
    "event payment {\n id string id\n at timestamp(ms) time\n card string key\n device string\n shop string\n amount decimal\n}\n"
    "policy { precedence block, alert, allow score >= 50 -> alert otherwise -> allow }\n";

std::shared_ptr<const Scorer> compile(const std::string& text, std::uint64_t version) {
  const std::vector<SourceFile> files{{"turns.rules", event_text + text}};
  Diagnostics diagnostics;
  const std::optional<CheckedRules> rules = check_rules(files, {}, diagnostics);
  if (!rules) std::fputs(render(diagnostics, false).c_str(), stderr);
  WEIR_CHECK(rules.has_value());
  RuleSetOptions options;
  options.version = version;
  return RuleSet::compile(*rules, options).take();
}

struct Turn {
  double us = 0;
  double switching_us = 0;
  std::uint64_t events_before = 0;
};

class Trial {
 public:
  Trial(const std::string& rules, std::size_t batch_size, InputSettings input = {}) : batch_size_(batch_size), input_(std::move(input)) {
    input_.scorer = compile(rules, 1);
    std::vector<SinkBinding> bindings{{"decisions", &decisions_, OutputKind::decision, FeatureSelection::none, std::nullopt},
                                      {"updates", &updates_, OutputKind::profile_update, FeatureSelection::none, std::nullopt},
                                      {"dead_letters", &dead_letters_, OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
    lane_ = std::make_unique<Lane>(0, std::vector<InputSettings>{input_}, std::move(bindings), nullptr);
    lane_->attach(0, reader_);
    ShardStart start;
    start.name = {"bench", "payments", 0};
    start.epoch = 1;
    const std::future<void> assigned = lane_->assign(0, start, position_);
    while (assigned.wait_for(0s) != std::future_status::ready) lane_->do_work(0us);
  }

  // `count` events made by `next`, then the longest turns.
  void run(const char* name, std::uint64_t count, const std::function<Event(std::uint64_t)>& next) {
    turns_.clear();
    double total_us = 0;
    std::vector<Event> events;
    for (std::uint64_t done = 0; done < count;) {
      events.clear();
      for (; events.size() < batch_size_ && done < count; ++done) events.push_back(next(done));
      for (Event& event : events) event.id = next_id_++;
      reader_.make(events, offset_);
      offset_ += static_cast<std::int64_t>(events.size());
      while (!reader_.taken()) total_us += turn(done - events.size());
    }
    for (int more = 0; more < 3; ++more) total_us += turn(count);
    std::sort(turns_.begin(), turns_.end(), [](const Turn& one, const Turn& two) { return one.us > two.us; });
    std::printf("%-34s median %6.0f us, longest:", name, turns_[turns_.size() / 2].us);
    for (std::size_t index = 0; index < std::min<std::size_t>(5, turns_.size()); ++index) {
      std::printf(" %7.0f@%luk", turns_[index].us, static_cast<unsigned long>(turns_[index].events_before / 1000));
      if (turns_[index].switching_us > 0) std::printf("(switch %.0f)", turns_[index].switching_us);
    }
    std::printf("  [%.0f ns/event, %lu MB]\n", total_us * 1e3 / static_cast<double>(count),
                static_cast<unsigned long>(lane_->state().bytes.get() >> 20));
    std::fflush(stdout);
    lane_->free_retired();
  }

  void reload(const std::string& rules) {
    SwitchProposal proposal;
    auto stages = std::make_shared<RuleStages>(compile(rules, ++version_), input_);
    stages->place(1, input_);
    proposal.stages = {std::move(stages)};
    proposal.margins[{0, 0}] = 1'000;
    auto answer = lane_->propose(std::move(proposal));
    double us = turn(0);
    answer.get();
    lane_->settle(version_, true);
    us = std::max(us, turn(0));
    std::printf("%-34s %.0f us\n", "  proposed and settled in", us);
  }

 private:
  double turn(std::uint64_t events_before) {
    const std::uint64_t switches = lane_->counters().switches.us.count();
    const double begun = thread_cpu_us();
    lane_->do_work(0us);
    const double us = thread_cpu_us() - begun;
    const bool switched = lane_->counters().switches.us.count() != switches;
    turns_.push_back({us, switched ? static_cast<double>(lane_->counters().switches.last_us.get()) : 0, events_before});
    return us;
  }

  std::size_t batch_size_;
  InputSettings input_;
  BatchReader reader_;
  NullSink decisions_;
  NullSink updates_;
  NullSink dead_letters_;
  std::shared_ptr<PublishedPosition> position_ = std::make_shared<PublishedPosition>();
  std::unique_ptr<Lane> lane_;
  std::vector<Turn> turns_;
  std::uint64_t next_id_ = 0;
  std::int64_t offset_ = 0;
  std::uint64_t version_ = 1;
};

std::uint64_t scattered(std::uint64_t number, std::uint64_t keys) {
  return (number * 0x9E3779B97F4A7C15U >> 20) % keys;
}

constexpr std::int64_t begin_ms = 1'700'000'000'000;

// A million keys in turn; then again, later.
std::function<Event(std::uint64_t)> in_turn(std::uint64_t keys, std::int64_t from_ms, std::uint64_t first_key = 0) {
  return [=](std::uint64_t number) {
    const std::uint64_t key = first_key + number % keys;
    return Event{0, from_ms + static_cast<std::int64_t>(number / 100), key, scattered(key, 1'000'000'000)};
  };
}

void windows(std::uint64_t keys, std::size_t batch) {
  const std::string first =
      "feature n1 = count() by card over 1m\nfeature n24 = count() by card over 24h\nfeature s = sum(amount) by card over 1h\n"
      "feature d = distinct(shop) by card over 24h\nfeature u = distinct(device) by card over 24h\n"
      "rule r1 \"R\" { when n1 > 3 and s > 100 and d > 3 and n24 > 5 and u > 5 score 10 }\n";
  Trial trial(first, batch);
  trial.run("windows: keys come", keys * 5 / 4, in_turn(keys, begin_ms));
  trial.run("windows: keys are known", keys / 2, in_turn(keys, begin_ms + 20'000));
  const std::string second = first +
                             "feature n10 = count() by card over 10m\nfeature m = max(amount) by card over 30m\n"
                             "rule r2 \"R\" { when n10 > 3 and m > 3 score 10 }\n";
  trial.reload(second);
  trial.run("reload: new windows by a known key", keys * 5 / 4, in_turn(keys, begin_ms + 40'000));
  std::string third = second;
  third.replace(third.find("over 30m"), 8, "over 45m");
  third.replace(third.find("over 1h"), 7, "over 2h");
  trial.reload(third);
  trial.run("reload: other lengths", keys * 5 / 4, in_turn(keys, begin_ms + 60'000));
  const std::string fourth = third +
                             "feature dn = count() by device over 24h\nfeature dc = distinct(card) by device over 24h\n"
                             "rule r3 \"R\" { when dn > 3 and dc > 3 score 10 }\n";
  trial.reload(fourth);
  trial.run("reload: a new key", keys * 5 / 4, in_turn(keys, begin_ms + 80'000));
  trial.run("other keys, two weeks later", keys * 5 / 4, in_turn(keys, begin_ms + 14 * day_ms, keys));
  trial.run("other keys, four weeks later", keys * 5 / 4, in_turn(keys, begin_ms + 28 * day_ms, 3 * keys));
}

void facts(std::uint64_t keys, std::size_t batch) {
  const std::string rules =
      "rule f \"F\" { when amount >= 0 score 1 update card set seen = device for 1h }\n"
      "rule g \"G\" { when profile(card).seen != device score 10 }\n";
  Trial trial("rule f \"F\" { when amount >= 0 score 1 }\n", batch);
  trial.run("no facts", 100'000, in_turn(keys, begin_ms));
  trial.reload(rules);
  trial.run("reload: facts; keys come", keys * 5 / 4, in_turn(keys, begin_ms));
  trial.run("facts: other keys, a day later", keys * 5 / 4, in_turn(keys, begin_ms + day_ms, keys));
  trial.run("facts: other keys, two days later", keys * 5 / 4, in_turn(keys, begin_ms + 2 * day_ms, 2 * keys));
  InputSettings input;
  input.feedback.fact_keys_max = static_cast<std::uint32_t>(keys);
  Trial limited(rules, batch, input);
  limited.run("facts: at their limit", keys * 5 / 4, in_turn(keys * 2, begin_ms));
}

void patterns(std::uint64_t keys, std::size_t batch) {
  Trial trial(
      "pattern p by card within 15m { small: amount >= 0 then big: amount > 500 and shop != small.shop }\n"
      "rule r \"R\" { when p matched score 10 }\n",
      batch);
  trial.run("patterns: keys come", keys * 5 / 4, in_turn(keys, begin_ms));
  trial.run("patterns: others, a day later", keys * 5 / 4, in_turn(keys, begin_ms + day_ms, keys));
  trial.run("patterns: others, two days later", keys * 5 / 4, in_turn(keys, begin_ms + 2 * day_ms, 2 * keys));
}

void duplicates(std::uint64_t keys, std::size_t batch) {
  InputSettings input;
  input.duplicates.horizon_ms = 3'600'000;
  input.duplicates.ids_max = keys * 2;
  Trial trial("rule f \"F\" { when amount >= 0 score 1 }\n", batch, input);
  trial.run("duplicates: ids come", keys * 5 / 4, in_turn(keys, begin_ms));
  trial.run("duplicates: a day later", keys / 4, in_turn(keys, begin_ms + day_ms));
}

void hot_key(std::uint64_t keys, std::size_t batch) {
  Trial trial(
      "feature n1 = count() by card over 1h\nfeature s = sum(amount) by card over 24h\nfeature m = max(amount) by card over 24h\n"
      "feature d = distinct(shop) by card over 24h\nrule r1 \"R\" { when n1 > 3 and s > 100 and d > 3 and m > 5 score 10 }\n",
      batch);
  trial.run("one key: events come", keys * 5 / 4, in_turn(1, begin_ms));
  trial.run("one key: a week later", 10'000, in_turn(1, begin_ms + 7 * day_ms));
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  const std::uint64_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::size_t batch = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 256;
  const std::string part = argc > 3 ? argv[3] : "all";
  const weir::ReadyPages::Keeper keeper;  // as a service has
  const auto asked = [&](std::string_view name) { return part == "all" || part == name; };
  if (asked("windows")) weir::windows(keys, batch);
  if (asked("facts")) weir::facts(keys, batch);
  if (asked("patterns")) weir::patterns(keys, batch);
  if (asked("duplicates")) weir::duplicates(keys, batch);
  if (asked("hot_key")) weir::hot_key(keys, batch);
  return 0;
}
