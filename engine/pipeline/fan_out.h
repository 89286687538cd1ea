// The fan-out: a lane's outputs on their way to every sink, and the acknowledgements on their way back.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/counter.h"
#include "engine/event/output.h"
#include "engine/pipeline/decision_writer.h"
#include "engine/pipeline/shard.h"
#include "engine/ports/sink.h"

namespace weir {

// A sink of the service as lanes use it. The sink itself is owned by whoever built the service.
struct SinkBinding {
  std::string name;
  Sink* sink = nullptr;
  OutputKind takes = OutputKind::decision;
  FeatureSelection features = FeatureSelection::fired;
  std::optional<std::uint32_t> route;  // index into DecisionBatch::routes; none: everything
};

// One a lane, its thread only (the counters may be read by any). A sink that is full keeps what waits for it in order and costs the others
// nothing.
class FanOut {
 public:
  FanOut(LaneIndex lane, std::vector<SinkBinding> bindings);

  std::size_t sink_count() const { return lines_.size(); }
  const SinkBinding& binding(std::uint32_t sink) const { return lines_[sink].binding; }
  std::uint64_t outputs(std::uint32_t sink) const { return lines_[sink].outputs.get(); }

  // An empty batch for one sink; `submit` queues it (or takes it back when nothing was written).
  OutputBatch& open(std::uint32_t sink, OutputKind kind, Shard& shard);
  void submit(OutputBatch& batch);

  // Offers what waits, in order. True when a sink took something.
  bool offer();
  // Takes in acknowledgements and moves ack rings. True when there were any.
  bool collect();

  // Outputs handed to `submit` and not yet acknowledged.
  std::uint64_t in_flight() const { return in_flight_; }
  // The shard goes away: outputs that no sink has taken are dropped (its next owner decides them again), later acknowledgements are
  // ignored.
  void forget(const Shard& shard);

 private:
  struct ShardOutputs : OutputBatch {
    Shard* owner = nullptr;
  };
  struct Line {
    SinkBinding binding;
    std::deque<ShardOutputs*> waiting;
    Counter outputs;
  };

  LaneIndex lane_;
  std::deque<Line> lines_;
  std::vector<std::unique_ptr<ShardOutputs>> batches_;  // all that exist
  std::vector<ShardOutputs*> idle_;
  std::vector<Acknowledgement> acknowledged_;
  std::uint64_t in_flight_ = 0;
};

}  // namespace weir
