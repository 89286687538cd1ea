#include "connectors/generator/generator_source.h"

#include <algorithm>
#include <limits>
#include <pthread.h>
#include <utility>

namespace weir {
namespace {

constexpr std::chrono::milliseconds commit_interval{200};
constexpr std::chrono::milliseconds anew_timeout{5'000};  // for outputs to be acknowledged, before payments are made again
constexpr double unpaced_rate = 1000;                     // payments per second of event time where no rate paces them

// Names in the position file, beside one per shard.
constexpr const char* seed_name = "seed";
constexpr const char* shards_name = "shards";
constexpr const char* start_name = "start_ms";

std::string shard_name(std::size_t shard) {
  return "shard." + std::to_string(shard);
}

}  // namespace

GeneratorSource::GeneratorSource(Place place, const GeneratorSettings& settings, const BatchLimits& limits, ShardNumbers& numbers,
                                 GeneratorClocks clocks)
    : place_(std::move(place)),
      settings_(settings),
      limits_(limits),
      numbers_(numbers),
      clocks_(std::move(clocks)),
      file_(place_.state_dir / ("generator." + place_.name)) {}

GeneratorSource::~GeneratorSource() {
  stop(clocks_.steady());
}

Status GeneratorSource::start(ShardOwner& owner, LaneIndex lanes) {
  owner_ = &owner;
  if (Status read = read_positions(); !read) return read;
  for (LaneIndex lane = 0; lane < lanes; ++lane) readers_.push_back(std::make_unique<GeneratorReader>(limits_, clocks_.steady));
  for (std::uint32_t index = 0; index < settings_.shards; ++index) {
    auto shard = std::make_unique<GeneratorShard>(model_of(index));
    shard->name = {place_.name, "generator", static_cast<std::int32_t>(index)};
    shard->number = numbers_.number(shard->name);
    shard->lane = index % lanes;
    shard->end = std::numeric_limits<std::uint64_t>::max();
    if (settings_.count) shard->end = *settings_.count / settings_.shards + (index < *settings_.count % settings_.shards ? 1 : 0);
    shard->live_from = static_cast<std::uint64_t>(kept_[shard_name(index)]);
    shard->payments_per_second = static_cast<double>(settings_.rate) / settings_.shards;
    readers_[shard->lane]->add(*shard);
    shards_.push_back(std::move(shard));
  }
  thread_ = std::thread([this] { control(); });
  return success();
}

// A file of another seed or number of shards would name other payments: refused, so that no window silently mixes two streams.
Status GeneratorSource::read_positions() {
  Result<PositionFile::Positions> positions = file_.read();
  if (!positions) return positions.error();
  kept_ = positions.take();
  const bool fresh = kept_.empty();
  const std::pair<const char*, std::int64_t> identity[] = {{seed_name, static_cast<std::int64_t>(settings_.seed)},
                                                           {shards_name, static_cast<std::int64_t>(settings_.shards)}};
  for (const auto& [name, value] : identity) {
    if (fresh) kept_[name] = value;
    if (kept_[name] == value) continue;
    return Error{ErrorKind::fatal, "the generator's " + std::string(name) + " is " + std::to_string(value) + ", but " +
                                       file_.path().string() + " belongs to a run with " + std::to_string(kept_[name]) +
                                       ": set it back, or remove the file to start over"};
  }
  if (fresh) kept_[start_name] = settings_.start_now ? clocks_.wall_ms() : PaymentModel{}.start_ms;
  start_ms_ = kept_[start_name];
  for (std::uint32_t shard = 0; shard < settings_.shards; ++shard) kept_.try_emplace(shard_name(shard), 0);
  return file_.write(kept_);  // before the first payment: a restart must not choose another start
}

PaymentModel GeneratorSource::model_of(std::uint32_t shard) const {
  PaymentModel model;
  model.seed = settings_.seed;
  model.start_ms = start_ms_;
  model.rate = (settings_.rate == 0 ? unpaced_rate : static_cast<double>(settings_.rate)) / settings_.shards;
  model.cards = settings_.cards;
  model.devices = settings_.devices;
  model.merchants = settings_.merchants;
  model.fraud_share = settings_.fraud_share;
  model.malformed_share = settings_.malformed_share;
  model.part = shard;
  model.of = settings_.shards;
  return model;
}

void GeneratorSource::control() {
  pthread_setname_np(pthread_self(), "generator");
  assign();
  while (!stopping_.load(std::memory_order_acquire)) {
    wake_.wait_until(std::chrono::steady_clock::now() + commit_interval);
    if (owner_->wants_anew()) begin_anew();
    for (std::size_t i = 0; i < shards_.size(); ++i) note(i, owner_->position(shards_[i]->number));
    commit();
  }
  give_back(stop_deadline_);
}

// Afterwards the shards are the control thread's again.
void GeneratorSource::give_back(std::chrono::steady_clock::time_point deadline) {
  owner_->begin_revocation();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    GeneratorShard& shard = *shards_[i];
    shard.state.store(GeneratorShard::State::closed, std::memory_order_release);
    readers_[shard.lane]->wake();
    note(i, owner_->revoke(shard.number, false, deadline));
  }
  owner_->end_revocation();
  commit();
}

void GeneratorSource::begin_anew() {
  give_back(std::chrono::steady_clock::now() + anew_timeout);
  for (std::uint32_t index = 0; index < shards_.size(); ++index) {
    GeneratorShard& shard = *shards_[index];
    shard.generator = PaymentGenerator(model_of(index));
    shard.live_from = static_cast<std::uint64_t>(kept_[shard_name(index)]);
    shard.paused = shard.ended = false;
    ++shard.epoch;
  }
  assign();
}

void GeneratorSource::assign() {
  owner_->begin_assignment();
  for (const std::unique_ptr<GeneratorShard>& shard : shards_) {
    const std::int64_t live_ms = shard->generator.time_ms(shard->live_from);
    const std::int64_t reach_ms = owner_->history_reach().count();
    const std::uint64_t replay_from = shard->live_from == 0 ? 0 : shard->generator.ordinal_at(live_ms - reach_ms);
    shard->generator.skip(replay_from);
    owner_->assign({shard->number, shard->name, shard->epoch, shard->lane, static_cast<std::int64_t>(replay_from),
                    static_cast<std::int64_t>(shard->live_from)});
    shard->opened = clocks_.steady();
    shard->state.store(GeneratorShard::State::open, std::memory_order_release);
    readers_[shard->lane]->wake();
  }
  owner_->end_assignment();
}

void GeneratorSource::note(std::size_t shard, const ShardPosition& position) {
  std::int64_t& kept = kept_[shard_name(shard)];
  kept = std::max(kept, position.next_offset);
}

// A file that cannot be written now is tried again at the next interval; until then a restart merely decides some payments again.
void GeneratorSource::commit() {
  if (kept_ != written_ && file_.write(kept_).ok()) written_ = kept_;
  std::uint64_t committed = 0;
  bool all = written_ == kept_;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const auto next = static_cast<std::uint64_t>(kept_[shard_name(i)]);
    committed += next;
    all = all && next >= shards_[i]->end;
  }
  committed_.store(committed, std::memory_order_relaxed);
  if (all) finished_.store(true, std::memory_order_release);
}

SourceLag GeneratorSource::lag() const {
  if (!settings_.count) return {};
  const std::uint64_t committed = committed_.load(std::memory_order_relaxed);
  return {static_cast<std::int64_t>(*settings_.count - std::min(*settings_.count, committed))};
}

void GeneratorSource::stop(std::chrono::steady_clock::time_point deadline) {
  if (!thread_.joinable()) return;
  stop_deadline_ = deadline;
  stopping_.store(true, std::memory_order_release);
  wake_.notify();
  thread_.join();
}

}  // namespace weir
