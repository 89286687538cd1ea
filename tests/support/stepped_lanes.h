// Several connected lanes that a test drives turn by turn on its own thread, in any order it likes.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/pipeline/lane.h"
#include "tests/support/fake_reader.h"
#include "tests/support/fake_sink.h"

namespace weir::test {

class SteppedLanes {
 public:
  SteppedLanes(LaneIndex lanes, std::shared_ptr<const Scorer> scorer, FeatureSelection selection = FeatureSelection::all,
               std::size_t batch_size = 16, std::uint32_t lanes_per_shard = 1, InputSettings input = {}) {
    input.scorer = std::move(scorer);
    input.lanes_per_shard = lanes_per_shard;
    std::vector<Lane*> all;
    for (LaneIndex index = 0; index < lanes; ++index) {
      Set& set = sets_.emplace_back(batch_size);
      const std::vector<SinkBinding> bindings{
          {"decisions", &set.decisions, OutputKind::decision, selection, std::nullopt},
          {"dead_letters", &set.dead_letters, OutputKind::dead_letter, FeatureSelection::none, std::nullopt}};
      set.lane = std::make_unique<Lane>(index, std::vector<InputSettings>{input}, bindings, nullptr);
      set.lane->attach(0, set.reader);
      all.push_back(set.lane.get());
    }
    for (Lane* one : all) one->connect(all);
  }

  LaneIndex home(ShardIndex shard) const { return shard % static_cast<LaneIndex>(sets_.size()); }
  Lane& lane(LaneIndex index) { return *sets_[index].lane; }
  FakeReader& reader(LaneIndex index) { return sets_[index].reader; }
  FakeSink& decisions(LaneIndex index) { return sets_[index].decisions; }
  PublishedPosition& position(ShardIndex shard) { return *positions_.at(shard); }

  void assign(ShardIndex shard, std::int64_t live_from = 0, AssignmentEpoch epoch = 1) {
    ShardStart start;
    start.shard = shard;
    start.name = {"payments", "payments", static_cast<std::int32_t>(shard)};
    start.epoch = epoch;
    start.lane = home(shard);
    start.live_from = live_from;
    positions_[shard] = std::make_shared<PublishedPosition>();
    const auto answer = lane(home(shard)).assign(0, start, positions_[shard]);
    while (answer.wait_for(std::chrono::seconds{0}) != std::future_status::ready) turn(home(shard));
  }

  void feed(ShardIndex shard, std::int64_t offset, const std::vector<FakeReader::Record>& records, AssignmentEpoch epoch = 1) {
    reader(home(shard)).feed(shard, epoch, offset, records);
  }

  bool turn(LaneIndex index) { return lane(index).do_work(std::chrono::microseconds{0}); }
  void turns(LaneIndex index) {
    while (turn(index)) {
    }
  }
  // In turn until no lane finds anything more.
  void work() {
    for (bool moved = true; moved;) {
      moved = false;
      for (LaneIndex index = 0; index < sets_.size(); ++index) moved |= turn(index);
    }
  }
  // `count` turns of lanes by chance.
  void shuffle(Random& random, int count) {
    for (int step = 0; step < count; ++step) turn(static_cast<LaneIndex>(random.below(sets_.size())));
  }

  // All decisions so far, by lane in order.
  std::vector<std::string> values() const {
    std::vector<std::string> all;
    for (const Set& set : sets_)
      for (const FakeSink::Taken& taken : set.decisions.taken) all.push_back(taken.value);
    return all;
  }

 private:
  struct Set {
    explicit Set(std::size_t batch_size) : reader(batch_size) {}
    FakeReader reader;
    FakeSink decisions;
    FakeSink dead_letters;
    std::unique_ptr<Lane> lane;
  };

  std::deque<Set> sets_;
  std::map<ShardIndex, std::shared_ptr<PublishedPosition>> positions_;
};

}  // namespace weir::test
