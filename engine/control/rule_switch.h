// Puts rule sets in force: epochs on disk first, then the lanes, each at the very offset that was written.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/wake_signal.h"
#include "engine/control/shard_progress.h"
#include "engine/control/switch_margin.h"
#include "engine/pipeline/lane_group.h"
#include "engine/pipeline/rule_book.h"
#include "engine/recovery/epoch_log.h"

namespace weir {

// A compiled version: one scorer a source.
struct CompiledVersion {
  std::uint64_t number = 0;
  std::vector<std::shared_ptr<const Scorer>> scorers;
  std::vector<RecordTypes> types;  // by source
  SourceLinks links;
};

// One shard's rule set, for the status.
struct ShardRuleStatus {
  ShardName name;
  LaneIndex lane = 0;
  std::uint64_t version = 0;        // in force
  std::int64_t decided_below = -1;  // -1: nothing yet
  std::int64_t switch_at = -1;      // where the newest rule set takes over; -1: it has
};

struct SwitchStatus {
  std::uint64_t version = 0;  // the newest, in force or about to be
  std::string hash;
  std::uint64_t switches = 0;      // since the start
  std::uint64_t log_failures = 0;  // appends to the epoch log that failed and were tried again or given up
  std::uint64_t shards_anew = 0;   // whose epochs were dropped because their topic was made anew
  std::string last_failure;
  std::vector<ShardRuleStatus> shards;
};

// Has a thread of its own, which keeps bounds ahead of the lanes; the other calls come from control threads. Lanes never wait for it,
// except where they reach an epoch or a bound that is not on disk yet.
class RuleSwitch : public RuleBook {
 public:
  using Rebuild = std::function<Result<CompiledVersion>(std::uint64_t version)>;

  // `inputs` by source; their scorers are those of `active`. `rebuild` makes an older version again.
  RuleSwitch(std::unique_ptr<EpochLog> log, CompiledVersion active, std::vector<InputSettings> inputs, Rebuild rebuild);
  ~RuleSwitch() override;

  // Where to say what an operator should know. Before any shard comes.
  void tell(void (*notice)(std::string_view text)) { notice_ = notice; }
  // Before any shard comes. The lanes outlive the switch's thread.
  void attach(LaneGroup& lanes);
  // Compiles what the epochs in the log still need. An error names the version that cannot be built any more. Before `attach`.
  Status prepare_history();
  // What of the versions that came by so far takes one lane, because its key is not the shard's (foreign_feedback); empty: nothing.
  const std::string& needs_one_lane() const { return needs_one_lane_; }
  void start();
  // Sources must have handed their shards back, lanes must still be running.
  void stop();

  // All shards take over at an offset of their own, soon. Returns when that is durable and the lanes are told. On an error the set so far
  // stays in force.
  Status publish(CompiledVersion version, const std::string& files_digest);
  // The files on disk, whatever they say, are not to be taken for a change when the service starts again.
  Status note_files(const std::string& files_digest);

  SwitchStatus status() const;
  std::set<std::uint64_t> versions_in_use() const { return log_->versions_in_use(); }
  std::vector<std::shared_ptr<const RuleCounters>> counters() const;
  std::vector<std::string> outcome_names() const;

  void begin_shard(std::size_t source, const ShardStart& start, const std::shared_ptr<PublishedPosition>& position,
                   const std::function<void(ShardRules)>& assign) override;
  void end_shard(std::size_t source, ShardIndex shard) override;
  bool shares_windows(std::size_t source) const override { return shares_[source].load(std::memory_order_relaxed); }
  std::chrono::milliseconds history_reach(std::size_t source) const override;
  bool reads_across_sources() const override { return reads_across_.load(std::memory_order_relaxed); }
  bool is_joint(std::size_t source) const override { return joint_[source].load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  struct LiveShard {
    ShardStart start;
    std::shared_ptr<PublishedPosition> position;
    std::int64_t bound = 0;
    ShardProgress progress;
    std::int64_t switch_at = -1;
    Clock::time_point proposed_at;
    int hurries = 0;  // since the active version was published
    Clock::time_point bound_moved_at;
  };
  using ShardKey = std::pair<std::size_t, ShardIndex>;

  void prepare_memory(const CompiledVersion& next);
  void tick();
  void measure(Clock::time_point now);
  void move_bounds(Clock::time_point now);
  void hurry(Clock::time_point now);
  void forget_versions();
  Status append(const EpochChanges& changes);
  Status propose(const CompiledVersion& version, const std::vector<std::shared_ptr<RuleStages>>& stages,
                 const std::optional<ActiveVersion>& active);
  std::int64_t margin_of(const LiveShard& shard) const;
  std::set<std::uint64_t> versions_of_shards() const;
  bool was_made_anew(const ShardStart& start);
  void remember(const std::shared_ptr<const CompiledVersion>& version);
  Result<std::shared_ptr<const CompiledVersion>> version_of(std::uint64_t number);
  InputSettings input_of(const CompiledVersion& version, std::size_t source) const;
  std::shared_ptr<RuleStages> stages_of(const CompiledVersion& version, std::size_t source, LaneIndex lane);
  std::vector<std::shared_ptr<RuleStages>> stages_of_all(const CompiledVersion& version);
  static std::int64_t decided_below(const LiveShard& shard);

  std::unique_ptr<EpochLog> log_;
  std::vector<InputSettings> inputs_;
  Rebuild rebuild_;
  LaneGroup* lanes_ = nullptr;
  std::vector<HistoryReach> reaches_;                // by source, of all versions that came by
  std::vector<std::atomic<std::int64_t>> reach_ms_;  // what they say, for any thread
  std::vector<std::atomic<bool>> shares_;            // by source
  std::vector<std::atomic<bool>> joint_;             // by source
  std::atomic<bool> reads_across_{false};
  std::string needs_one_lane_;
  std::atomic<bool> stopping_{false};
  WakeSignal wake_;
  std::thread thread_;

  mutable std::mutex mutex_;  // switches, and shards that come and go, one after another
  OutcomeSlots outcome_names_;
  std::shared_ptr<const CompiledVersion> active_;
  std::map<std::uint64_t, std::shared_ptr<const CompiledVersion>> versions_;
  std::map<std::tuple<LaneIndex, std::size_t, std::uint64_t>, std::weak_ptr<RuleStages>> stages_;
  std::vector<std::shared_ptr<RuleStages>> active_stages_;  // by lane, then source
  std::map<ShardKey, LiveShard> shards_;
  SwitchMargin margin_;
  std::uint64_t switches_ = 0;
  std::uint64_t log_failures_ = 0;
  std::uint64_t shards_anew_ = 0;
  std::string last_failure_;
  void (*notice_)(std::string_view text) = nullptr;
};

}  // namespace weir
