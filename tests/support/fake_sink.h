// A sink in memory that takes, refuses and acknowledges on command.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "engine/ports/sink.h"

namespace weir::test {

class FakeSink : public Sink {
 public:
  struct Taken {
    std::string key;
    std::string value;
    OutputKind kind;
    OutputBatch* batch;
    std::uint32_t index;
  };

  std::size_t room = ~std::size_t{0};  // outputs that may still be taken
  bool acknowledge_at_once = true;
  std::vector<Taken> taken;  // in order, for ever

  Status open(LaneIndex, void (*)(void*, LaneIndex), void*) override { return success(); }

  std::uint32_t offer(OutputBatch& batch, std::uint32_t first) override {
    std::uint32_t count = 0;
    for (std::uint32_t index = first; index < batch.outputs.size() && room > 0; ++index, ++count, --room) {
      const Output& output = batch.outputs[index];
      taken.push_back({std::string(batch.view(output.key)), std::string(batch.view(output.value)), batch.kind, &batch, index});
      if (acknowledge_at_once) waiting_.push_back({&batch, index, 1});
    }
    return count;
  }

  void collect(LaneIndex, std::vector<Acknowledgement>& into) override {
    into.insert(into.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
  }

  // For `acknowledge_at_once == false`: the output number `position` in `taken` is durable now.
  void acknowledge(std::size_t position) { waiting_.push_back({taken[position].batch, taken[position].index, 1}); }

  SinkState state() const override { return {}; }
  void close(std::chrono::steady_clock::time_point) override {}

 private:
  std::vector<Acknowledgement> waiting_;
};

}  // namespace weir::test
