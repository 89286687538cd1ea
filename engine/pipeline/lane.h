// A lane: one thread that owns its shards, their windows and their ack rings, and takes each batch through all stages.
#pragma once

#include <atomic>
#include <chrono>
#include <concurrentqueue.h>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <vector>

#include "engine/base/wake_signal.h"
#include "engine/event/batch.h"
#include "engine/event/decision.h"
#include "engine/pipeline/exchange.h"
#include "engine/pipeline/fan_out.h"
#include "engine/pipeline/input_settings.h"
#include "engine/pipeline/lane_counters.h"
#include "engine/pipeline/lane_feedback.h"
#include "engine/pipeline/lane_input.h"
#include "engine/pipeline/output_writer.h"
#include "engine/pipeline/rule_book.h"
#include "engine/pipeline/shard.h"
#include "engine/ports/source.h"

namespace weir {

// What a lane shows of a decided batch to whoever watches (the live view). Called once a batch on the lane's thread; must not block.
class DecisionWatcher {
 public:
  virtual ~DecisionWatcher() = default;
  virtual void decided(const EventBatch& events, const DecisionBatch& decisions, const DecisionVocabulary& vocabulary) = 0;
};

class Lane {
 public:
  // One input a source, in the order of the sources. The sinks behind `bindings` outlive the lane; the last binding takes dead letters.
  Lane(LaneIndex index, const std::vector<InputSettings>& inputs, std::vector<SinkBinding> bindings, DecisionWatcher* watcher);

  // Before the first `do_work`, for every source: its reader for this lane.
  void attach(std::size_t source, LaneReader& reader);
  // Likewise, where there are several lanes: all of them, in order.
  void connect(const std::vector<Lane*>& lanes);

  // One turn: acknowledgements, inbox, at most one batch of each source. Waits up to `wait` when there is nothing to do. True when
  // something moved.
  bool do_work(std::chrono::microseconds wait);

  // Any thread. `assign` and `revoke` are answered by the lane's next turn (a revoke when its outputs are acknowledged, or at the
  // deadline).
  // Without `rules` the shard takes the stages of the lane's input settings.
  std::future<void> assign(std::size_t source, const ShardStart& start, std::shared_ptr<PublishedPosition> position, ShardRules rules = {});
  std::future<ShardPosition> revoke(std::size_t source, ShardIndex shard, bool lost, std::chrono::steady_clock::time_point deadline);
  // The shared windows of a source or of joint_keeper, or those of one shard that went away, are emptied. No shard that feeds them is
  // there.
  std::future<void> forget_shared(std::size_t keeper);
  std::future<void> forget_shard(std::size_t source, ShardIndex shard);
  // The shard will not go on: nobody waits for its replay any more.
  void give_up(std::size_t source, ShardIndex shard);
  void wake() noexcept;

  // Whether shards of the source feed windows together under the rule set of the settings. Any thread.
  bool shares_at_start(std::size_t source) const { return inputs_[source].shares_at_start; }
  Exchange& exchange() { return exchange_; }
  ReplayGate& gate(std::size_t source) { return *inputs_[source].settings.gate; }
  const SourceLinks& links() const { return inputs_.front().settings.links; }
  // No batch is between begin and finish. The lane's thread.
  bool has_nothing_in_flight() const { return in_flight_.empty(); }

  // Another rule set, in two steps (SwitchProposal): the answer names the offsets; `settle` says whether they are durable. One proposal at
  // a time. Shards that are to take over earlier already are left out.
  std::future<std::vector<ProposedSwitch>> propose(SwitchProposal proposal);
  // `never_began`: versions that this one has replaced in all shards of all lanes.
  void settle(std::uint64_t version, bool durable, std::vector<std::uint64_t> never_began = {});
  // Answered when the lane has read every bound that was set before the call.
  std::future<void> turn();
  // Answered when no live batch that asks for shared windows is on its way. Where the gate is closed, none follows.
  std::future<void> quiet();
  // A version of the rule set of which no batch is or will be anywhere.
  void forget_version(std::uint64_t version);
  // A version that shards come with; in the order of versions.
  void adopt(std::size_t source, std::shared_ptr<RuleStages> stages);
  // Destroys what rule sets left behind. Any thread but the lane's, which would wait for it.
  void free_retired();

  const LaneCounters& counters() const { return counters_; }
  // Of the rule sets in force, one a source; they may be read by any thread, for as long as they are held. This call is for the lane's
  // thread, or for others while the lane does not run: who brings another rule set brings its counters, and keeps them.
  std::vector<std::shared_ptr<const RuleCounters>> rule_counters() const;
  std::uint64_t outputs(std::uint32_t sink) const { return fan_out_.outputs(sink); }
  const StateGauges& state() const { return state_; }
  // Outputs not yet acknowledged. The lane's thread, or any once it has ended.
  std::uint64_t in_flight() const { return fan_out_.in_flight(); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::uint64_t turns_between_gauges = 64;
  static constexpr std::uint32_t turns_watched_about_switches = 4'096;
  struct Message {
    enum class Kind {
      assign,
      revoke,
      forget_shared,
      forget_shard,
      give_up,
      propose,
      settle,
      turn,
      quiet,
      adopt,
      forget_version
    } kind = Kind::assign;
    std::size_t source = 0;
    std::size_t keeper = 0;
    ShardStart start;
    std::shared_ptr<PublishedPosition> position;
    bool replays = false;  // the gate was closed for it
    bool lost = false;
    Clock::time_point deadline;
    ShardRules rules;
    SwitchProposal proposal;
    std::uint64_t version = 0;
    bool durable = false;
    std::vector<std::uint64_t> never_began;
    std::promise<void> done;
    std::promise<ShardPosition> revoked;
    std::promise<std::vector<ProposedSwitch>> proposed;
  };

  bool take_turn(std::chrono::microseconds wait);
  std::future<void> post(Message message);
  bool serve_inbox();
  void take_shard(Message& message);
  void forget_keeper(std::size_t keeper);
  void forget_shard_here(std::size_t source, ShardIndex shard);
  void retire(std::vector<std::shared_ptr<void>>& gone);
  bool finish_revokes();
  void answer_when_quiet();
  bool is_revoking(const LaneInput& input, ShardIndex shard) const;
  ShardPosition position_of(Shard& shard) const;
  void publish_positions();
  void count_turn();  // gauges are published now and then
  void publish_gauges();
  void apply_back_pressure();

  bool poll(std::size_t source, std::chrono::microseconds wait);
  void process(std::size_t source, RecordBatch& records);
  // Takes as much of the batch as may be decided now, each record by its own rule set; false when the rest has to wait.
  bool work_through(std::size_t source, Shard& shard, RecordBatch& handed_over);
  // How many records at the front may be replayed now, where what is replayed depends on decisions and so on the order between shards.
  std::size_t replayable(std::size_t source, const Shard& shard, const std::vector<RecordView>& records) const;
  void hold(std::size_t source, Shard& shard, RecordBatch& handed_over);
  bool serve_held();
  void take_over(std::size_t source, Shard& shard);
  std::vector<ProposedSwitch> answer_proposal(const SwitchProposal& proposal);
  void settle_shards(const Message& message);
  void forget_version_here(std::uint64_t version);
  BatchInFlight& open_batch(std::size_t source, Shard& shard, const RecordBatch& records);
  // Parse, prepare, windows. Then, once all features are there: score, write outputs, register acknowledgements, give the records back.
  void begin(BatchInFlight& batch);
  void finish(BatchInFlight& batch);
  bool serve_exchange();
  void finish_answered();
  // More batches may begin: the others' answers are waited for otherwise.
  bool has_room() const { return in_flight_.size() < Exchange::batches_in_flight_max; }

  // Replay of shards that share windows: see ReplayGate.
  void end_replay(LaneInput& input, Shard& shard);
  void stop_replay(LaneInput& input, Shard& shard);

  DecisionWatcher* watcher_;
  std::deque<LaneInput> inputs_;
  FanOut fan_out_;
  OutputWriter output_writer_{fan_out_};
  Exchange exchange_;
  LaneFeedback feedback_;
  std::vector<BatchInFlight*> in_flight_;  // begun and not finished, in that order
  std::size_t shards_holding_ = 0;
  std::vector<std::shared_ptr<RuleStages>> proposed_;           // by source, until settled
  WakeSignal answers_;                                          // what a lane without room waits for
  moodycamel::ConcurrentQueue<std::shared_ptr<void>> retired_;  // large to destroy: another thread does it
  std::vector<Message> revokes_;                                // waiting for their acknowledgements
  std::vector<std::promise<void>> quiet_wanted_;                // waiting for live batches
  moodycamel::ConcurrentQueue<Message> inbox_;
  std::atomic<LaneReader*> waiting_on_{nullptr};
  LaneCounters counters_;
  StateGauges state_;
  std::uint64_t turns_ = 0;
  std::uint32_t turns_watched_ = 0;        // more turns whose time is looked at, because the rule set changes
  std::chrono::nanoseconds switching_{0};  // this turn's time for changes of the rule set
};

}  // namespace weir
