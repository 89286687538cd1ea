#include "tests/support/sink_lanes.h"

#include "engine/base/check.h"

namespace weir {
namespace {

Slice append(OutputBatch& batch, const std::string& text) {
  const Slice slice{static_cast<std::uint32_t>(batch.bytes.size()), static_cast<std::uint32_t>(text.size())};
  batch.bytes.append(text);
  return slice;
}

}  // namespace

std::unique_ptr<OutputBatch> make_output_batch(LaneIndex lane, const std::vector<TestOutput>& outputs) {
  auto batch = std::make_unique<OutputBatch>();
  batch->lane = lane;
  for (const TestOutput& one : outputs) {
    Output output;
    output.key = append(*batch, one.key);
    output.value = append(*batch, one.value);
    output.has_key = one.has_key;
    output.has_value = one.has_value;
    output.timestamp_ms = one.timestamp_ms;
    output.header_first = static_cast<std::uint32_t>(batch->headers.size());
    output.header_count = static_cast<std::uint32_t>(one.headers.size());
    for (const auto& [name, value] : one.headers)
      batch->headers.push_back({append(*batch, name), append(*batch, value), value == "(null)"});
    batch->outputs.push_back(output);
  }
  batch->unacknowledged = static_cast<std::uint32_t>(outputs.size());
  return batch;
}

void SinkLane::turn() {
  while (!waiting_.empty()) {
    OutputBatch& batch = *waiting_.front();
    const std::uint32_t taken = sink_.offer(batch, batch.offered);
    batch.offered += taken;
    taken_ += taken;
    if (batch.offered < batch.outputs.size()) break;
    sent_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  news_.clear();
  sink_.collect(lane_, news_);
  for (const Acknowledgement& one : news_)
    for (std::uint32_t at = one.first; at < one.first + one.count; ++at) {
      WEIR_CHECK(seen_.insert({one.batch, at}).second);
      ++acknowledged_;
    }
}

bool SinkLane::turn_until(const std::function<bool()>& holds) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < give_up) {
    turn();
    if (holds()) return true;
  }
  return false;
}

bool SinkLane::deliver_all() {
  return turn_until([this] { return waiting_.empty() && acknowledged_ == taken_; });
}

}  // namespace weir
