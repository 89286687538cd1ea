#include "engine/pipeline/fan_out.h"

#include <utility>

#include "engine/base/check.h"

namespace weir {

FanOut::FanOut(LaneIndex lane, std::vector<SinkBinding> bindings) : lane_(lane) {
  for (SinkBinding& binding : bindings) lines_.emplace_back().binding = std::move(binding);
}

OutputBatch& FanOut::open(std::uint32_t sink, OutputKind kind, Shard& shard) {
  if (idle_.empty()) {
    batches_.push_back(std::make_unique<ShardOutputs>());
    idle_.push_back(batches_.back().get());
  }
  ShardOutputs& batch = *idle_.back();
  idle_.pop_back();
  batch.kind = kind;
  batch.lane = lane_;
  batch.shard = shard.start.shard;
  batch.epoch = shard.start.epoch;
  batch.sink = sink;
  batch.outputs.clear();
  batch.headers.clear();
  batch.bytes.clear();
  batch.offered = 0;
  batch.unacknowledged = 0;
  batch.owner = &shard;
  return batch;
}

void FanOut::submit(OutputBatch& batch) {
  auto& mine = static_cast<ShardOutputs&>(batch);
  if (mine.outputs.empty()) {
    mine.owner = nullptr;
    idle_.push_back(&mine);
    return;
  }
  mine.unacknowledged = static_cast<std::uint32_t>(mine.outputs.size());
  in_flight_ += mine.unacknowledged;
  lines_[mine.sink].waiting.push_back(&mine);
  lines_[mine.sink].outputs.add(mine.unacknowledged);
}

bool FanOut::offer() {
  bool moved = false;
  for (Line& line : lines_) {
    while (!line.waiting.empty()) {
      ShardOutputs& batch = *line.waiting.front();
      // A sink may acknowledge before it returns, so the counts are settled before the batch is looked at again.
      const std::uint32_t taken = line.binding.sink->offer(batch, batch.offered);
      batch.offered += taken;
      moved |= taken > 0;
      if (batch.offered < batch.outputs.size()) break;
      line.waiting.pop_front();
    }
  }
  return moved;
}

bool FanOut::collect() {
  if (in_flight_ == 0) return false;
  acknowledged_.clear();
  for (Line& line : lines_) line.binding.sink->collect(lane_, acknowledged_);
  for (const Acknowledgement& acknowledgement : acknowledged_) {
    auto& batch = static_cast<ShardOutputs&>(*acknowledgement.batch);
    WEIR_CHECK(batch.unacknowledged >= acknowledgement.count);
    if (batch.owner != nullptr) {
      const Output* output = batch.outputs.data() + acknowledgement.first;
      for (std::uint32_t index = 0; index < acknowledgement.count; ++index) batch.owner->ring.acknowledge(output[index].ack_sequence);
    }
    batch.unacknowledged -= acknowledgement.count;
    in_flight_ -= acknowledgement.count;
    if (batch.unacknowledged == 0) {
      batch.owner = nullptr;
      idle_.push_back(&batch);
    }
  }
  return !acknowledged_.empty();
}

void FanOut::forget(const Shard& shard) {
  for (Line& line : lines_) {
    std::erase_if(line.waiting, [&](ShardOutputs* batch) {
      if (batch->owner != &shard) return false;
      // What no sink has taken yet belongs to the shard's next owner, who decides it again.
      const std::uint32_t dropped = static_cast<std::uint32_t>(batch->outputs.size()) - batch->offered;
      batch->outputs.resize(batch->offered);
      batch->unacknowledged -= dropped;
      in_flight_ -= dropped;
      if (batch->unacknowledged == 0) {
        batch->owner = nullptr;
        idle_.push_back(batch);
      }
      return true;
    });
  }
  for (const auto& batch : batches_)
    if (batch->owner == &shard) batch->owner = nullptr;
}

}  // namespace weir
