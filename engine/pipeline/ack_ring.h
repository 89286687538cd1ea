// The ack ring: which records of a shard have all their outputs durable, in offset order. What may be committed is its contiguous prefix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/check.h"

namespace weir {

// One a shard, touched by the shard's lane alone.
//
//   sequence:   head ──────────────► tail
//   pending:    [ 0 ][ 2 ][ 0 ][ 1 ]        the first entry is done: the prefix ends at its offset + 1
class AckRing {
 public:
  // `next_offset`: where the shard goes live. `capacity`: a power of two; the ring doubles when it is full.
  explicit AckRing(std::int64_t next_offset, std::size_t capacity = 1024) : entries_(capacity), next_offset_(next_offset) {
    WEIR_CHECK(capacity > 0 && (capacity & (capacity - 1)) == 0);
  }

  // The sequence that the next added record will get.
  std::uint64_t tail() const { return tail_; }
  std::size_t in_flight() const { return static_cast<std::size_t>(tail_ - head_); }

  // A record whose `pending` outputs are about to be handed to sinks. Offsets ascend; gaps are fine.
  void add(std::int64_t offset, std::int64_t timestamp_ms, std::uint32_t pending) {
    if (in_flight() == entries_.size()) double_capacity();
    entries_[tail_ & (entries_.size() - 1)] = {offset, timestamp_ms, pending};
    ++tail_;
  }

  // One output of the record is durable.
  void acknowledge(std::uint64_t sequence) {
    WEIR_CHECK(sequence >= head_ && sequence < tail_);
    Entry& entry = entries_[sequence & (entries_.size() - 1)];
    WEIR_CHECK(entry.pending > 0);
    --entry.pending;
  }

  // Moves the prefix over every finished record; true when it moved.
  bool advance() {
    const std::uint64_t before = head_;
    while (head_ < tail_) {
      const Entry& entry = entries_[head_ & (entries_.size() - 1)];
      if (entry.pending > 0) break;
      next_offset_ = entry.offset + 1;
      if (entry.timestamp_ms > timestamp_ms_) timestamp_ms_ = entry.timestamp_ms;
      ++head_;
    }
    return head_ != before;
  }

  // Everything below it is acknowledged.
  std::int64_t next_offset() const { return next_offset_; }
  // The broker's newest timestamp within the prefix; -1 when there was none.
  std::int64_t timestamp_ms() const { return timestamp_ms_; }

 private:
  struct Entry {
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = -1;
    std::uint32_t pending = 0;
  };

  void double_capacity() {
    std::vector<Entry> larger(entries_.size() * 2);
    for (std::uint64_t sequence = head_; sequence < tail_; ++sequence)
      larger[sequence & (larger.size() - 1)] = entries_[sequence & (entries_.size() - 1)];
    entries_ = std::move(larger);
  }

  std::vector<Entry> entries_;
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  std::int64_t next_offset_;
  std::int64_t timestamp_ms_ = -1;
};

}  // namespace weir
