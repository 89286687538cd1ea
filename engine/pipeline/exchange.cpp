#include "engine/pipeline/exchange.h"

#include <bit>
#include <string_view>
#include <utility>

#include "engine/features/name_table.h"
#include "engine/pipeline/lane.h"

namespace weir {

Exchange::Exchange(LaneIndex index, const std::vector<InputSettings>& inputs) : index_(index), sources_(inputs) {}

void Exchange::connect(const std::vector<Lane*>& lanes) {
  if (lanes.size() <= 1) return;
  consumer_ = std::make_unique<moodycamel::ConsumerToken>(inbox_);
  for (Lane* lane : lanes) {
    Peer& peer = peers_.emplace_back();
    peer.lane = lane;
    peer.inbox = &lane->exchange().inbox_;
    peer.token = std::make_unique<moodycamel::ProducerToken>(*peer.inbox);
  }
}

void Exchange::request(BatchInFlight& batch) {
  batch.answers_missing = 0;
  const std::size_t routes = batch.stages->placement.routes.size();
  if (peers_.empty()) {
    for (std::size_t route = 0; route < routes; ++route) apply_own(batch, route);
    return;
  }
  for (std::size_t route = 0; route < routes; ++route) share_out(batch, route);
  for (LaneIndex lane = 0; lane < peers_.size(); ++lane) {
    RequestBlock* block = std::exchange(peers_[lane].open, nullptr);
    if (block == nullptr) continue;
    ++batch.answers_missing;
    send(lane, *block);
  }
}

void Exchange::apply_own(BatchInFlight& batch, std::size_t route) {
  FeatureStore& windows = owned_.of(sources_[batch.source], *batch.stages, route, batch.shard->start.shard);
  if (!batch.judged) {
    windows.apply(batch.events);
  } else {
    windows.apply(batch.events, batch.features);
  }
  if (sources_[batch.source].late != LatePolicy::decide)
    batch.too_late.insert(batch.too_late.end(), windows.too_late_rows().begin(), windows.too_late_rows().end());
}

// Rows whose key has a missing part go nowhere: their features are missing.
void Exchange::share_out(BatchInFlight& batch, std::size_t route_index) {
  const KeyRoute& route = batch.stages->placement.routes[route_index];
  RouteKeys& keys = *batch.stages->keys[route_index];
  EventBatch& events = batch.events;
  const bool plain = keys.encoder.is_plain(events);
  const Column& first = events.columns[route.by.front()];
  own_rows_.assign(events.rows, false);
  bool sent = false;
  for (std::size_t word = 0; word < events.active.word_count(); ++word) {
    std::uint64_t rows = events.active.words()[word];
    if (plain) rows &= first.present.words()[word];
    for (; rows != 0; rows &= rows - 1) {
      const std::size_t row = word * BitMask::word_bits + static_cast<std::size_t>(std::countr_zero(rows));
      std::string_view key;
      if (plain) {
        key = first.strings[row];
      } else {
        keys.encoder.clear();
        if (!keys.encoder.encode(events, row)) continue;
        key = keys.encoder.view(0, keys.encoder.size());
      }
      const LaneIndex owner = owner_of(NameTable::hash(key), route, index_, static_cast<LaneIndex>(peers_.size()));
      if (owner == index_) {
        own_rows_.set(row);
      } else {
        block_for(owner, batch).section(route_index).rows.push_back(static_cast<std::uint32_t>(row));
        sent = true;
      }
    }
  }
  // Judged batches always, for that makes the columns into which the other answers go.
  std::swap(events.active, own_rows_);
  apply_own(batch, route_index);
  std::swap(events.active, own_rows_);
  if (!sent) return;
  for (Peer& peer : peers_) {
    if (peer.open == nullptr || peer.open->sections[peer.open->used - 1]->route != route_index) continue;
    copy_rows(events, keys.columns, *peer.open->sections[peer.open->used - 1]);
  }
}

RequestBlock& Exchange::block_for(LaneIndex lane, BatchInFlight& batch) {
  RequestBlock*& open = peers_[lane].open;
  if (open != nullptr) return *open;
  if (idle_.empty()) {
    blocks_.push_back(std::make_unique<RequestBlock>());
    idle_.push_back(blocks_.back().get());
  }
  open = idle_.back();
  idle_.pop_back();
  open->start(index_, batch);
  return *open;
}

void Exchange::send(LaneIndex lane, RequestBlock& block) {
  peers_[lane].inbox->enqueue(*peers_[lane].token, &block);
  peers_[lane].lane->wake();
}

void Exchange::wake_all() const {
  for (const Peer& peer : peers_) peer.lane->wake();
}

bool Exchange::serve() {
  if (peers_.empty()) return false;
  bool any = false;
  for (RequestBlock* block = nullptr; inbox_.try_dequeue(*consumer_, block); any = true) {
    if (block->answered) {
      take_answer(*block);
    } else {
      answer(*block);
    }
  }
  return any;
}

void Exchange::answer(RequestBlock& block) {
  for (std::size_t at = 0; at < block.used; ++at) {
    RequestSection& section = *block.sections[at];
    FeatureStore& windows = owned_.of(sources_[block.source], *block.stages, section.route, block.shard);
    if (block.mute) {
      windows.apply(section.events);
    } else {
      windows.apply(section.events, section.answers);
    }
    if (sources_[block.source].late != LatePolicy::decide) section.too_late = windows.too_late_rows();
  }
  block.answered = true;
  send(block.home, block);
}

void Exchange::take_answer(RequestBlock& block) {
  BatchInFlight& batch = *block.batch;
  if (sources_[block.source].late != LatePolicy::decide) {
    for (std::size_t at = 0; at < block.used; ++at)
      for (const std::uint32_t row : block.sections[at]->too_late) batch.too_late.push_back(block.sections[at]->rows[row]);
  }
  if (!block.mute) {
    const FeaturePlacement& placement = block.stages->placement;
    for (std::size_t at = 0; at < block.used; ++at)
      fill_in(*block.sections[at], placement.routes[block.sections[at]->route].features, batch.features);
  }
  --batch.answers_missing;
  idle_.push_back(&block);
}

}  // namespace weir
