// A batch on its way through a lane: everything that belongs to it from hand-over to hand-out, reused by later ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/decision.h"
#include "engine/event/record.h"
#include "engine/parse/reject.h"
#include "engine/pipeline/shard.h"

namespace weir {

struct RuleStages;

// One shard's records, all of them mute or all of them live. Each stage fills its own part. The shard stays until the batch is finished.
struct BatchInFlight {
  std::size_t source = 0;
  Shard* shard = nullptr;
  std::shared_ptr<RuleStages> stages;    // the shard's when the batch began; none when it is not in flight
  const RecordBatch* records = nullptr;  // `handed_over` or `part`
  RecordBatch* handed_over = nullptr;    // goes back to the reader at the end; null where a later batch does that
  RecordBatch part;                      // records cut off a batch, over that batch's memory
  std::uint32_t answers_missing = 0;     // blocks that other lanes have
  bool mute = false;                     // gives no output
  bool judged = true;                    // live, or later events read what it decides; otherwise it rebuilds windows only
  std::chrono::nanoseconds busy{0};      // the lane's time in it so far

  std::vector<Reject> rejects;
  EventBatch events;
  FeatureColumns features;
  DecisionBatch decisions;
  std::vector<RememberedRow> firsts;        // of their ids; where duplicates are looked for
  std::vector<RememberedRow> duplicates;    // get what the first got
  std::vector<std::uint32_t> too_late;      // rows, once for each key that they are too late for; where the policy asks
  std::vector<std::uint32_t> late_records;  // too late for all their keys and therefore not decided
  std::vector<std::uint32_t> pending;       // outputs by record
};

// Batches that are not in flight. One a source and lane, so that columns keep their types and their memory. The last to come back is the
// first to go: its memory is the warmest.
class BatchPool {
 public:
  BatchInFlight& take() {
    if (idle_.empty()) {
      batches_.push_back(std::make_unique<BatchInFlight>());
      idle_.push_back(batches_.back().get());
    }
    BatchInFlight& batch = *idle_.back();
    idle_.pop_back();
    return batch;
  }
  void give_back(BatchInFlight& batch) { idle_.push_back(&batch); }

 private:
  std::vector<std::unique_ptr<BatchInFlight>> batches_;
  std::vector<BatchInFlight*> idle_;
};

}  // namespace weir
