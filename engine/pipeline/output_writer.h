// From a scored batch to outputs: decisions, profile updates and dead letters for every sink, registered in the ack ring before any sink
// sees them.
#pragma once

#include <vector>

#include "engine/pipeline/batch_in_flight.h"
#include "engine/pipeline/decision_writer.h"
#include "engine/pipeline/fan_out.h"
#include "engine/pipeline/input_settings.h"
#include "engine/ports/scorer.h"

namespace weir {

// One a lane, its thread only.
class OutputWriter {
 public:
  explicit OutputWriter(FanOut& fan_out) : fan_out_(fan_out) {}

  // The batch is scored. What is decided about the first record of an id is kept for those that come again.
  void remember(BatchInFlight& batch, DecisionWriter& writer);
  // The batch is live and scored. Its outputs wait in the fan-out afterwards.
  void write(BatchInFlight& batch, DecisionWriter& writer, const Scorer& scorer, LatePolicy late);

 private:
  OutputBatch& open(std::uint32_t sink, OutputKind kind, BatchInFlight& batch);
  OutputBatch& with_room(BatchInFlight& batch);
  // Those of rows in front of `row`, from `next` on; returns the next one.
  std::size_t write_again(BatchInFlight& batch, std::uint32_t sink, std::size_t next, std::size_t row);
  void write_decisions(BatchInFlight& batch, DecisionWriter& writer, std::uint32_t sink);
  void write_profile_updates(BatchInFlight& batch, DecisionWriter& writer, std::uint32_t sink);
  void write_dead_letters(BatchInFlight& batch, const Scorer& scorer, LatePolicy late);

  FanOut& fan_out_;
  std::vector<OutputBatch*> written_;  // by sink, a full one followed by the next, until all are submitted
};

}  // namespace weir
