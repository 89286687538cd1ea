// The lanes of the service and their threads; hands shards from sources to lanes and takes them back.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/features/ready_pages.h"
#include "engine/pipeline/joint_sources.h"
#include "engine/pipeline/lane.h"
#include "engine/ports/source.h"

namespace weir {

// A shard that cannot go on, as the status shows it.
struct ShardFailure {
  ShardName name;
  Error error;
};

// Built and destroyed by one thread. Sources call their ShardOwner from their control threads.
class LaneGroup {
 public:
  explicit LaneGroup(std::vector<std::unique_ptr<Lane>> lanes);
  ~LaneGroup();

  LaneIndex lane_count() const { return static_cast<LaneIndex>(lanes_.size()); }
  Lane& lane(LaneIndex index) { return *lanes_[index]; }
  const Lane& lane(LaneIndex index) const { return *lanes_[index]; }

  // Before any source starts: who says which rule set decides what. Without one all shards take the rule sets of the lanes' settings, from
  // their first record to their last. Outlives the group.
  void follow(RuleBook& book) { book_ = &book; }

  // The side of the group that source number `source` talks to.
  ShardOwner& owner(std::size_t source, std::chrono::milliseconds history_reach);

  // Starts the threads once every source is attached to every lane. A lane without work waits up to `idle_wait` for some.
  void start(std::chrono::microseconds idle_wait = std::chrono::milliseconds{50});
  // Shards that sources revoke from now on do not come back: nobody waits for them. What reads windows that several shards feed, and has
  // not gone live, does not any more: with each shard that goes there is less in them.
  void let_go();
  // Ends the threads after their turn. Sources must have revoked their shards.
  void stop();

  std::vector<ShardFailure> failures() const;
  // Live records wait for the source's next assignment, because rules read across sources.
  bool is_awaited(std::size_t source) const;
  std::size_t shard_count() const;

 private:
  class SourceShards;

  void forget_shard(std::size_t source, ShardIndex shard);
  void forget_shared(const std::vector<std::size_t>& keepers);
  bool reads_across_sources() const;
  bool is_joint(std::size_t source) const;

  RuleBook* book_ = nullptr;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::unique_ptr<SourceShards>> owners_;
  JointSources joint_;
  std::vector<std::thread> threads_;
  std::optional<ReadyPages::Keeper> pages_;  // while there are threads
  std::atomic<bool> stopping_{false};
};

}  // namespace weir
