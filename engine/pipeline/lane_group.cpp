#include "engine/pipeline/lane_group.h"

#include <algorithm>
#include <pthread.h>
#include <string>
#include <utility>

#include "engine/base/check.h"

namespace weir {

// The mutex guards the table of shards on the control side; lanes never take it.
class LaneGroup::SourceShards : public ShardOwner {
 public:
  SourceShards(LaneGroup& group, std::size_t source, std::chrono::milliseconds history_reach)
      : group_(group), source_(source), history_reach_(history_reach) {
    let_others_wait();
  }

  std::chrono::milliseconds history_reach() const override {
    return group_.book_ == nullptr ? history_reach_ : std::max(history_reach_, group_.book_->history_reach(source_));
  }

  void assign(const ShardStart& start) override {
    group_.joint_.come(source_);
    auto position = std::make_shared<PublishedPosition>();
    {
      const std::lock_guard guard(mutex_);
      assigned_[start.shard] = {start.name, start.lane, position};
    }
    const auto hand_over = [&](ShardRules rules) { group_.lane(start.lane).assign(source_, start, position, std::move(rules)).wait(); };
    if (group_.book_ == nullptr)
      hand_over({});
    else
      group_.book_->begin_shard(source_, start, position, hand_over);
    if (!in_assignment_) stop_others_waiting();
  }

  ShardPosition revoke(ShardIndex shard, bool lost, std::chrono::steady_clock::time_point deadline) override {
    LaneIndex lane = 0;
    {
      const std::lock_guard guard(mutex_);
      const auto found = assigned_.find(shard);
      if (found == assigned_.end()) return {};
      lane = found->second.lane;
    }
    begin_revocation();
    const ShardPosition position = group_.lane(lane).revoke(source_, shard, lost, deadline).get();
    if (group_.book_ != nullptr) group_.book_->end_shard(source_, shard);
    bool last = false;
    {
      const std::lock_guard guard(mutex_);
      assigned_.erase(shard);
      last = assigned_.empty();
    }
    group_.forget_shard(source_, shard);
    if (last) {
      // Others read what its next shards will bring again.
      let_others_wait();
      group_.joint_.go(source_);
    }
    end_revocation();
    return position;
  }

  bool shares_windows() const override {
    return group_.book_ == nullptr ? group_.lane(0).shares_at_start(source_) : group_.book_->shares_windows(source_);
  }
  void begin_assignment() override {
    in_assignment_ = true;
    group_.lane(0).gate(source_).expect();
  }
  void end_assignment() override {
    in_assignment_ = false;
    stop_others_waiting();
    arrive();
  }

  void begin_revocation() override { group_.lane(0).gate(source_).close(); }
  void end_revocation() override {
    if (group_.lane(0).gate(source_).open()) wake_all();
  }

  bool wants_anew() const override { return group_.joint_.wants_anew(source_); }

  ShardPosition position(ShardIndex shard) const override {
    const std::lock_guard guard(mutex_);
    const auto found = assigned_.find(shard);
    return found == assigned_.end() ? ShardPosition{} : found->second.position->read();
  }

  void fail(ShardIndex shard, const Error& error) override {
    const std::lock_guard guard(mutex_);
    const auto found = assigned_.find(shard);
    failures_.push_back({found == assigned_.end() ? ShardName{} : found->second.name, error});
    if (found != assigned_.end()) group_.lane(found->second.lane).give_up(source_, shard);
  }

  bool is_awaited() const { return others_wait_.load(std::memory_order_relaxed); }
  std::vector<ShardFailure> failures() const {
    const std::lock_guard guard(mutex_);
    return failures_;
  }
  std::size_t size() const {
    const std::lock_guard guard(mutex_);
    return assigned_.size();
  }

 private:
  void arrive() {
    group_.lane(0).gate(source_).arrive();
    wake_all();
  }
  void wake_all() const {
    for (const auto& lane : group_.lanes_) lane->wake();
  }
  void let_others_wait() {
    if (others_wait_ || !group_.reads_across_sources() || group_.joint_.is_ending()) return;
    others_wait_ = true;
    group_.lane(0).gate(source_).expect();
  }
  void stop_others_waiting() {
    if (others_wait_.exchange(false)) arrive();
  }

  struct Assigned {
    ShardName name;
    LaneIndex lane = 0;
    std::shared_ptr<PublishedPosition> position;
  };
  LaneGroup& group_;
  std::size_t source_;
  std::chrono::milliseconds history_reach_;
  std::atomic<bool> others_wait_{false};  // where sources read each other's, live records wait for the next assignment of this one
  bool in_assignment_ = false;
  mutable std::mutex mutex_;
  std::map<ShardIndex, Assigned> assigned_;
  std::vector<ShardFailure> failures_;
};

LaneGroup::LaneGroup(std::vector<std::unique_ptr<Lane>> lanes)
    : lanes_(std::move(lanes)),
      joint_([this](std::size_t source) { return is_joint(source); },
             [this](const std::vector<std::size_t>& keepers) { forget_shared(keepers); }) {
  WEIR_CHECK(!lanes_.empty());
  std::vector<Lane*> all;
  for (const auto& lane : lanes_) all.push_back(lane.get());
  for (Lane* lane : all) lane->connect(all);
}

LaneGroup::~LaneGroup() {
  stop();
}

ShardOwner& LaneGroup::owner(std::size_t source, std::chrono::milliseconds history_reach) {
  WEIR_CHECK(owners_.size() == source);
  joint_.add_source();
  owners_.push_back(std::make_unique<SourceShards>(*this, source, history_reach));
  return *owners_.back();
}

void LaneGroup::let_go() {
  for (std::size_t source = 0; source < owners_.size(); ++source) lane(0).gate(source).close();
  joint_.end();
}

void LaneGroup::forget_shard(std::size_t source, ShardIndex shard) {
  std::vector<std::future<void>> answers;
  for (const auto& lane : lanes_) answers.push_back(lane->forget_shard(source, shard));
  for (const std::future<void>& answer : answers) answer.wait();
}

// What several shards fed goes with the last of them: those that come next replay into empty windows, so no event is in them twice.
void LaneGroup::forget_shared(const std::vector<std::size_t>& keepers) {
  std::vector<std::future<void>> answers;
  // Live records of other sources that passed the gate before it closed are still answered.
  if (reads_across_sources())
    for (const auto& lane : lanes_) answers.push_back(lane->quiet());
  for (const std::future<void>& answer : answers) answer.wait();
  answers.clear();
  for (const auto& lane : lanes_)
    for (const std::size_t keeper : keepers) answers.push_back(lane->forget_shared(keeper));
  for (const std::future<void>& answer : answers) answer.wait();
}

bool LaneGroup::reads_across_sources() const {
  return book_ == nullptr ? lanes_[0]->links().any() : book_->reads_across_sources();
}

bool LaneGroup::is_joint(std::size_t source) const {
  return book_ == nullptr ? lanes_[0]->links().is_joint(source) : book_->is_joint(source);
}

void LaneGroup::start(std::chrono::microseconds idle_wait) {
  pages_.emplace();
  for (LaneIndex index = 0; index < lane_count(); ++index) {
    threads_.emplace_back([this, index, idle_wait] {
      pthread_setname_np(pthread_self(), ("lane-" + std::to_string(index)).c_str());
      while (!stopping_.load(std::memory_order_acquire)) lanes_[index]->do_work(idle_wait);
    });
  }
}

void LaneGroup::stop() {
  stopping_.store(true, std::memory_order_release);
  for (const auto& lane : lanes_) lane->wake();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  pages_.reset();
}

bool LaneGroup::is_awaited(std::size_t source) const {
  return owners_[source]->is_awaited();
}

std::vector<ShardFailure> LaneGroup::failures() const {
  std::vector<ShardFailure> all;
  for (const auto& owner : owners_)
    for (ShardFailure& failure : owner->failures()) all.push_back(std::move(failure));
  return all;
}

std::size_t LaneGroup::shard_count() const {
  std::size_t count = 0;
  for (const auto& owner : owners_) count += owner->size();
  return count;
}

}  // namespace weir
