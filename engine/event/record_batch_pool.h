// Record batches over memory of their own, reused: what a reader that copies its records fills and hands out.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/arena.h"
#include "engine/base/check.h"
#include "engine/event/record.h"

namespace weir {

// A batch with the bytes behind its views. Handed out as the RecordBatch that it is.
struct OwnedRecordBatch : RecordBatch {
  Arena arena;
  std::vector<std::shared_ptr<const void>> borrowed;  // memory of others that views point into
  std::size_t bytes = 0;                              // keys and values so far

  // Appends a copy of `record` (its header range is taken as it is).
  void append(RecordView record) {
    record.value = arena.copy(record.value);
    record.key = arena.copy(record.key);
    bytes += record.value.size() + record.key.size();
    records.push_back(record);
  }
};

// One thread. Batches stay the pool's; `give_back` may be called in any order.
class RecordBatchPool {
 public:
  OwnedRecordBatch* take(ShardIndex shard, AssignmentEpoch epoch) {
    if (free_.empty()) {
      all_.push_back(std::make_unique<OwnedRecordBatch>());
      free_.push_back(all_.back().get());
    }
    OwnedRecordBatch* batch = free_.back();
    free_.pop_back();
    batch->shard = shard;
    batch->epoch = epoch;
    batch->next_offset = -1;
    batch->end_of_shard = false;
    return batch;
  }

  void give_back(RecordBatch* batch) {
    auto* owned = static_cast<OwnedRecordBatch*>(batch);
    owned->records.clear();
    owned->headers.clear();
    owned->arena.clear();
    owned->borrowed.clear();
    owned->bytes = 0;
    free_.push_back(owned);
    WEIR_CHECK(free_.size() <= all_.size());
  }

  std::size_t held() const { return all_.size() - free_.size(); }  // given out and not yet back

 private:
  std::vector<std::unique_ptr<OwnedRecordBatch>> all_;
  std::vector<OwnedRecordBatch*> free_;
};

}  // namespace weir
