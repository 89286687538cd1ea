// Which rule set decides which records of a shard, as lanes and lane groups are told.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/pipeline/published_position.h"
#include "engine/pipeline/rule_stages.h"
#include "engine/pipeline/shard.h"
#include "engine/ports/source.h"

namespace weir {

// What a lane is told of a shard that comes.
struct ShardRules {
  std::shared_ptr<RuleStages> stages;  // for its first record
  std::vector<ComingStages> coming;    // ascending
  std::int64_t earliest_switch = 0;    // records below it may have been decided before
};

// Where a shard will switch, or the shard's answer to that question.
struct ProposedSwitch {
  std::size_t source = 0;
  ShardIndex shard = 0;
  std::int64_t offset = 0;
};

// A lane is asked where each of its shards could take over. It decides nothing at or behind the offsets that it names until it is told
// whether they are durable.
struct SwitchProposal {
  std::vector<std::shared_ptr<RuleStages>> stages;  // by source
  // Offsets that a shard is expected to pass while the epoch is written; the switch is proposed behind them. Absent: none.
  std::map<std::pair<std::size_t, ShardIndex>, std::int64_t> margins;
};

// Control side. Called from the sources' control threads.
class RuleBook {
 public:
  virtual ~RuleBook() = default;
  // Calls `assign` with the rules of the shard, durable, and lets no rule set be switched until that has returned.
  virtual void begin_shard(std::size_t source, const ShardStart& start, const std::shared_ptr<PublishedPosition>& position,
                           const std::function<void(ShardRules)>& assign) = 0;
  // The shard has left its lane.
  virtual void end_shard(std::size_t source, ShardIndex shard) = 0;
  // Whether shards of the source feed windows together, under some rule set that is or was in force.
  virtual bool shares_windows(std::size_t source) const = 0;
  // How far back windows reach, whichever rule set of the replay range they belong to.
  virtual std::chrono::milliseconds history_reach(std::size_t source) const = 0;
  // As SourceLinks::any and is_joint, under some rule set that is or was in force.
  virtual bool reads_across_sources() const = 0;
  virtual bool is_joint(std::size_t source) const = 0;
};

}  // namespace weir
