// From a scored batch to outputs: decisions, profile updates and dead letters for every sink, registered in the ack ring before any sink
// sees them.
#pragma once

#include <vector>

#include "engine/pipeline/batch_in_flight.h"
#include "engine/pipeline/decision_writer.h"
#include "engine/pipeline/fan_out.h"
#include "engine/ports/scorer.h"

namespace weir {

// One a lane, its thread only.
class OutputWriter {
 public:
  explicit OutputWriter(FanOut& fan_out) : fan_out_(fan_out) {}

  // The batch is live and scored. Its outputs wait in the fan-out afterwards.
  void write(BatchInFlight& batch, DecisionWriter& writer, const Scorer& scorer);

 private:
  void write_decisions(OutputBatch& out, BatchInFlight& batch, DecisionWriter& writer, const SinkBinding& binding);
  void write_profile_updates(OutputBatch& out, BatchInFlight& batch, DecisionWriter& writer, const SinkBinding& binding);
  void write_dead_letters(BatchInFlight& batch, const Scorer& scorer);

  FanOut& fan_out_;
  std::vector<OutputBatch*> written_;  // by sink, until all are submitted
};

}  // namespace weir
