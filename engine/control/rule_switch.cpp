#include "engine/control/rule_switch.h"

#include <algorithm>
#include <iterator>
#include <pthread.h>
#include <utility>

#include "engine/base/check.h"
#include "engine/features/ready_pages.h"
#include "engine/feedback/feedback_state.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr auto tick_every = 20ms;
constexpr auto retry_every = 100ms;
constexpr auto hurry_after = 250ms;
constexpr auto reached_within = 600ms;  // with hurry_after, a switch is seen within a second where records flow evenly
constexpr auto bound_span = 1000ms;     // a bound lies so far ahead, at the rate of the shard's fastest burst lately
constexpr auto burst_span = 100ms;
constexpr std::int64_t bound_least = 256;   // and at least so many offsets
constexpr std::int64_t first_bound = 4096;  // before the rate is known
constexpr auto slack_time = 2s;
constexpr std::int64_t slack_factor = 8;  // a bound further ahead than so many times what it should be is drawn in
constexpr std::size_t versions_cached_max = 64;

// Keys by which the next rule set keeps something that the one before does not.
std::size_t new_windows(const Scorer& before, const Scorer& next) {
  std::set<std::string_view> known;
  for (const FeatureSpec& feature : before.features()) known.insert(feature.identity);
  std::set<std::vector<ColumnIndex>> keys;
  for (const FeatureSpec& feature : next.features())
    if (!known.contains(feature.identity)) keys.insert(feature.by);
  return keys.size();
}

}  // namespace

RuleSwitch::RuleSwitch(std::unique_ptr<EpochLog> log, CompiledVersion active, std::vector<InputSettings> inputs, Rebuild rebuild)
    : log_(std::move(log)),
      inputs_(std::move(inputs)),
      rebuild_(std::move(rebuild)),
      reaches_(inputs_.size()),
      reach_ms_(inputs_.size()),
      shares_(inputs_.size()),
      joint_(inputs_.size()),
      active_(std::make_shared<const CompiledVersion>(std::move(active))) {
  remember(active_);
}

RuleSwitch::~RuleSwitch() {
  stop();
}

void RuleSwitch::attach(LaneGroup& lanes) {
  lanes_ = &lanes;
  active_stages_ = stages_of_all(*active_);
}

void RuleSwitch::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "epochs");
    while (!stopping_.load(std::memory_order_acquire)) {
      wake_.wait_until(Clock::now() + tick_every);
      tick();
    }
  });
}

void RuleSwitch::stop() {
  stopping_.store(true, std::memory_order_release);
  wake_.notify();
  if (thread_.joinable()) thread_.join();
}

void RuleSwitch::remember(const std::shared_ptr<const CompiledVersion>& version) {
  versions_[version->number] = version;
  if (version->links.any()) reads_across_.store(true, std::memory_order_relaxed);
  for (std::size_t source = 0; source < inputs_.size(); ++source)
    if (version->links.is_joint(source)) joint_[source].store(true, std::memory_order_relaxed);
  for (const auto& scorer : version->scorers)
    if (needs_one_lane_.empty()) needs_one_lane_ = foreign_feedback(*scorer);
  while (versions_.size() > versions_cached_max) versions_.erase(versions_.begin());
  for (std::size_t source = 0; source < inputs_.size(); ++source) {
    reaches_[source].add(input_of(*version, source));
    reach_ms_[source].store(reaches_[source].get().count(), std::memory_order_relaxed);
  }
}

Status RuleSwitch::prepare_history() {
  const std::lock_guard guard(mutex_);
  for (const std::uint64_t number : log_->versions_in_use())
    if (const auto version = version_of(number); !version) return version.error();
  return success();
}

Result<std::shared_ptr<const CompiledVersion>> RuleSwitch::version_of(std::uint64_t number) {
  if (const auto known = versions_.find(number); known != versions_.end()) return known->second;
  Result<CompiledVersion> built = rebuild_(number);
  if (!built) return built.error();
  auto version = std::make_shared<const CompiledVersion>(built.take());
  remember(version);
  return version;
}

InputSettings RuleSwitch::input_of(const CompiledVersion& version, std::size_t source) const {
  InputSettings input = inputs_[source];
  input.scorer = version.scorers[source];
  if (source < version.types.size()) input.types = version.types[source];
  input.links = version.links;
  return input;
}

std::shared_ptr<RuleStages> RuleSwitch::stages_of(const CompiledVersion& version, std::size_t source, LaneIndex lane) {
  std::weak_ptr<RuleStages>& known = stages_[{lane, source, version.number}];
  std::shared_ptr<RuleStages> stages = known.lock();
  if (!stages) {
    const InputSettings input = input_of(version, source);
    stages = std::make_shared<RuleStages>(version.scorers[source], input, source, &outcome_names_);
    stages->place(lanes_->lane_count(), input);
    if (stages->shares) shares_[source].store(true, std::memory_order_relaxed);
    known = stages;
  }
  return stages;
}

std::vector<std::shared_ptr<RuleStages>> RuleSwitch::stages_of_all(const CompiledVersion& version) {
  std::vector<std::shared_ptr<RuleStages>> all;
  for (LaneIndex lane = 0; lane < lanes_->lane_count(); ++lane)
    for (std::size_t source = 0; source < inputs_.size(); ++source) all.push_back(stages_of(version, source, lane));
  return all;
}

// Records that may come until a proposal is on disk. One that turned out too far ahead is made anew for what one append can meet, for
// records that pause come back in bursts; then for what still comes.
std::int64_t RuleSwitch::margin_of(const LiveShard& shard) const {
  if (shard.hurries == 0) return shard.progress.most_within(margin_.span());
  if (shard.hurries == 1) return shard.progress.most_within(margin_.one_append());
  return shard.progress.within_last(margin_.span());
}

// New windows take memory with their first events, in all lanes and shards at about the same time.
void RuleSwitch::prepare_memory(const CompiledVersion& next) {
  std::size_t pages = ReadyPages::kept;
  {
    const std::lock_guard guard(mutex_);
    for (std::size_t source = 0; source < inputs_.size(); ++source) {
      const auto is_of_source = [source](const auto& each) { return each.first.first == source; };
      const auto shards = static_cast<std::size_t>(std::count_if(shards_.begin(), shards_.end(), is_of_source));
      pages += new_windows(*active_->scorers[source], *next.scorers[source]) * std::max<std::size_t>(shards, lanes_->lane_count());
    }
  }
  ReadyPages::of_process().prepare(std::min(pages, ReadyPages::pages_max));
}

Status RuleSwitch::publish(CompiledVersion next, const std::string& files_digest) {
  const auto version = std::make_shared<const CompiledVersion>(std::move(next));
  prepare_memory(*version);
  const std::lock_guard guard(mutex_);
  std::vector<std::shared_ptr<RuleStages>> stages = stages_of_all(*version);
  // Before any shard can ask: a replay that begins in between must reach back as far as the new set's windows.
  remember(version);
  for (auto& [key, shard] : shards_) shard.hurries = 0;
  if (Status proposed = propose(*version, stages, ActiveVersion{version->number, files_digest}); !proposed) return proposed;
  active_ = version;
  active_stages_ = std::move(stages);
  ++switches_;
  return success();
}

Status RuleSwitch::note_files(const std::string& files_digest) {
  const std::lock_guard guard(mutex_);
  EpochChanges changes;
  changes.active = ActiveVersion{active_->number, files_digest};
  return append(changes);
}

// Asks all lanes where their shards can take over, makes that durable, then lets them. Nothing is decided by the new set before the second
// step is done, and nothing at or behind those offsets by the old one.
Status RuleSwitch::propose(const CompiledVersion& version, const std::vector<std::shared_ptr<RuleStages>>& stages,
                           const std::optional<ActiveVersion>& active) {
  std::vector<std::future<std::vector<ProposedSwitch>>> answers;
  for (LaneIndex lane = 0; lane < lanes_->lane_count(); ++lane) {
    SwitchProposal proposal;
    for (std::size_t source = 0; source < inputs_.size(); ++source) proposal.stages.push_back(stages[lane * inputs_.size() + source]);
    for (const auto& [key, shard] : shards_)
      if (shard.start.lane == lane) proposal.margins[key] = margin_of(shard);
    answers.push_back(lanes_->lane(lane).propose(std::move(proposal)));
  }
  EpochChanges changes;
  changes.active = active;
  std::vector<ProposedSwitch> all;
  for (auto& answer : answers) {
    for (const ProposedSwitch& each : answer.get()) {
      const auto found = shards_.find({each.source, each.shard});
      if (found == shards_.end()) continue;  // left its lane; nothing is decided there any more
      changes.epochs.push_back({found->second.start.name, {version.number, each.offset}});
      all.push_back(each);
    }
  }
  const std::set<std::uint64_t> before = versions_of_shards();
  const Status written = append(changes);
  const std::set<std::uint64_t> after = versions_of_shards();
  std::vector<std::uint64_t> never_began;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(never_began));
  for (LaneIndex lane = 0; lane < lanes_->lane_count(); ++lane) lanes_->lane(lane).settle(version.number, written.ok(), never_began);
  if (!written) return written;
  for (const ProposedSwitch& each : all) {
    LiveShard& shard = shards_.at({each.source, each.shard});
    shard.switch_at = each.offset;
    shard.proposed_at = Clock::now();
  }
  return success();
}

// In the histories and futures of those that are here.
std::set<std::uint64_t> RuleSwitch::versions_of_shards() const {
  std::set<std::uint64_t> all;
  for (const auto& [key, shard] : shards_)
    for (const Epoch& epoch : log_->epochs(shard.start.name)) all.insert(epoch.version);
  return all;
}

// Comes back with an error only when nothing of `changes` is in the log. A log in doubt is tried again: lanes that reach an epoch wait.
Status RuleSwitch::append(const EpochChanges& changes) {
  for (;;) {
    const Clock::time_point begun = Clock::now();
    Status written = log_->append(changes);
    margin_.append_took(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun));
    if (written) return written;
    ++log_failures_;
    last_failure_ = written.error().text;
    if (written.error().kind != ErrorKind::fatal || stopping_.load(std::memory_order_acquire)) return written;
    std::this_thread::sleep_for(retry_every);
  }
}

// A shard that ends before what was decided of it is not the one of before: its offsets began again.
bool RuleSwitch::was_made_anew(const ShardStart& start) {
  const std::int64_t decided = log_->decided(start.name);
  if (start.end < 0 || decided <= start.end) return false;
  ++shards_anew_;
  if (notice_ != nullptr)
    notice_("topic " + start.name.topic + " was made anew: partition " + std::to_string(start.name.partition) + " ends at offset " +
            std::to_string(start.end) + ", and records up to " + std::to_string(decided) +
            " were decided before; which rules decided those is forgotten");
  return true;
}

void RuleSwitch::begin_shard(std::size_t source, const ShardStart& start, const std::shared_ptr<PublishedPosition>& position,
                             const std::function<void(ShardRules)>& assign) {
  const std::lock_guard guard(mutex_);
  const bool anew = was_made_anew(start);
  // Nothing behind the bound was decided, nor behind the shard's end; what lies before it may have been, by the set whose epoch it is in.
  std::int64_t decided_at_most = log_->bound(start.name).value_or(start.live_from);
  if (start.end >= 0) decided_at_most = std::min(decided_at_most, start.end);
  const std::int64_t earliest = anew ? start.live_from : std::max(start.live_from, decided_at_most);
  if (!anew) log_->forget_before(start.name, start.replay_from);
  std::vector<Epoch> epochs = log_->epochs(start.name);
  EpochChanges changes;
  if (anew && !epochs.empty()) {
    // Replaces all that begin at it or behind it.
    changes.epochs.push_back({start.name, {active_->number, std::min({start.replay_from, start.live_from, epochs.front().offset})}});
  } else {
    if (epochs.empty()) changes.epochs.push_back({start.name, {active_->number, std::min(start.replay_from, start.live_from)}});
    if (!epochs.empty() && epochs.back().version != active_->number) changes.epochs.push_back({start.name, {active_->number, earliest}});
  }
  LiveShard live{start, position, earliest + first_bound, {}, -1, Clock::now(), 0, Clock::now()};
  changes.bounds.push_back({start.name, live.bound, start.live_from});
  Status written = append(changes);
  while (!written && !stopping_.load(std::memory_order_acquire)) {
    std::this_thread::sleep_for(retry_every);
    written = append(changes);
  }
  if (!written) live.bound = start.live_from;  // the service ends: nothing is decided any more
  epochs = log_->epochs(start.name);
  ShardRules rules;
  rules.earliest_switch = earliest;
  for (const Epoch& epoch : epochs) {
    const auto version = version_of(epoch.version);
    if (!version) continue;  // `prepare_history` refused to start with such a log
    std::shared_ptr<RuleStages> stages = stages_of(*version.value(), source, start.lane);
    if (epoch.offset <= start.replay_from || rules.stages == nullptr)
      rules.stages = std::move(stages);
    else
      rules.coming.push_back({epoch.offset, std::move(stages), true});
  }
  if (rules.stages == nullptr) rules.stages = stages_of(*active_, source, start.lane);
  // Owners of keys that are not the shard's follow the versions too, also those that bring them no events.
  for (LaneIndex lane = 0; lane < lanes_->lane_count() && !rules.coming.empty(); ++lane) {
    lanes_->lane(lane).adopt(source, rules.stages);
    for (const ComingStages& each : rules.coming) lanes_->lane(lane).adopt(source, each.stages);
  }
  if (!rules.coming.empty()) live.switch_at = rules.coming.back().offset;
  position->set_bound(live.bound);
  shards_[{source, start.shard}] = live;
  assign(std::move(rules));
}

void RuleSwitch::end_shard(std::size_t source, ShardIndex shard) {
  const std::lock_guard guard(mutex_);
  const auto found = shards_.find({source, shard});
  if (found == shards_.end()) return;
  EpochChanges changes;
  changes.bounds.push_back({found->second.start.name, decided_below(found->second), decided_below(found->second)});
  // Without it the next start takes the bound that is there for what was decided, which is safe.
  if (const Status written = log_->append(changes); !written) ++log_failures_;
  shards_.erase(found);
}

std::chrono::milliseconds RuleSwitch::history_reach(std::size_t source) const {
  return std::chrono::milliseconds{reach_ms_[source].load(std::memory_order_relaxed)};
}

std::int64_t RuleSwitch::decided_below(const LiveShard& shard) {
  return std::max(shard.position->decided_below(), shard.start.live_from);
}

void RuleSwitch::tick() {
  const std::lock_guard guard(mutex_);
  const Clock::time_point now = Clock::now();
  measure(now);
  move_bounds(now);
  hurry(now);
  forget_versions();
  for (LaneIndex lane = 0; lane < lanes_->lane_count(); ++lane) lanes_->lane(lane).free_retired();
}

void RuleSwitch::measure(Clock::time_point now) {
  for (auto& [key, shard] : shards_) {
    shard.progress.saw(now, decided_below(shard));
    if (shard.switch_at >= 0 && shard.position->version() == active_->number) shard.switch_at = -1;
  }
}

void RuleSwitch::move_bounds(Clock::time_point now) {
  EpochChanges changes;
  std::vector<std::pair<LiveShard*, std::int64_t>> moved;
  std::set<LaneIndex> lanes;
  for (auto& [key, shard] : shards_) {
    const std::int64_t wanted = std::max(bound_least, shard.progress.fastest_within(burst_span) * (bound_span / burst_span));
    const std::int64_t decided = decided_below(shard);
    const bool near = shard.bound - decided < wanted / 2;
    const bool far = shard.bound - decided > wanted * slack_factor && now - shard.bound_moved_at > slack_time;
    if (!near && !far) continue;
    const std::int64_t bound = decided + wanted;
    if (far) {
      // Drawn in: the lane first, then the log. A lane that has passed it meanwhile keeps the one it had.
      shard.position->set_bound(bound);
      lanes_->lane(shard.start.lane).turn().wait();
      shard.bound_moved_at = now;
      if (decided_below(shard) > bound) {
        shard.position->set_bound(shard.bound);
        continue;
      }
    }
    changes.bounds.push_back({shard.start.name, bound, decided});
    moved.emplace_back(&shard, bound);
    lanes.insert(shard.start.lane);
  }
  if (moved.empty()) return;
  if (!append(changes)) {
    for (const auto& [shard, bound] : moved) shard->position->set_bound(shard->bound);
    return;
  }
  for (const auto& [shard, bound] : moved) {
    shard->bound = bound;
    shard->bound_moved_at = now;
    shard->position->set_bound(bound);
  }
  for (const LaneIndex lane : lanes) lanes_->lane(lane).wake();
}

// A version that no lane holds any more is in no batch and in no shard's future.
void RuleSwitch::forget_versions() {
  std::map<std::uint64_t, bool> held;
  for (const auto& [key, stages] : stages_) held[std::get<2>(key)] |= !stages.expired();
  for (const auto& each : held) {
    const std::uint64_t version = each.first;
    if (each.second) continue;
    std::erase_if(stages_, [version](const auto& known) { return std::get<2>(known.first) == version; });
    for (LaneIndex lane = 0; lane < lanes_->lane_count(); ++lane) lanes_->lane(lane).forget_version(version);
  }
}

// A shard whose records stopped coming does not wait for the offset that its former rate suggested.
void RuleSwitch::hurry(Clock::time_point now) {
  bool late = false;
  for (auto& [key, shard] : shards_) {
    if (shard.switch_at < 0 || now - shard.proposed_at <= hurry_after || shard.position->decided_below() < shard.start.live_from) continue;
    if (decided_below(shard) + shard.progress.within_last(reached_within) >= shard.switch_at) continue;
    late = true;
    ++shard.hurries;
  }
  if (!late) return;
  for (auto& [key, shard] : shards_) shard.proposed_at = now;
  // What fails here stays as it was and is tried again.
  if (const Status proposed = propose(*active_, active_stages_, std::nullopt); !proposed) last_failure_ = proposed.error().text;
}

std::vector<std::string> RuleSwitch::outcome_names() const {
  const std::lock_guard guard(mutex_);
  return outcome_names_.names();
}

SwitchStatus RuleSwitch::status() const {
  const std::lock_guard guard(mutex_);
  SwitchStatus status;
  status.version = active_->number;
  status.hash = active_->scorers.front()->vocabulary().hash;
  status.switches = switches_;
  status.log_failures = log_failures_;
  status.shards_anew = shards_anew_;
  status.last_failure = last_failure_;
  for (const auto& [key, shard] : shards_) {
    ShardRuleStatus each;
    each.name = shard.start.name;
    each.lane = shard.start.lane;
    each.version = shard.position->version();
    each.decided_below = shard.position->decided_below();
    each.switch_at = shard.switch_at;
    status.shards.push_back(std::move(each));
  }
  return status;
}

std::vector<std::shared_ptr<const RuleCounters>> RuleSwitch::counters() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::shared_ptr<const RuleCounters>> all;
  for (const std::shared_ptr<RuleStages>& stages : active_stages_) all.push_back(stages->counters);
  return all;
}

}  // namespace weir
