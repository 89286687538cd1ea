// Answers of spans for a key with few events: finds each window's two ends in the ring and reads what is between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/features/answers.h"
#include "engine/features/feature_plan.h"
#include "engine/features/range_answers.h"
#include "engine/features/ring_view.h"

namespace weir {

// Nothing is kept between events. One thread.
class SpanScan {
 public:
  explicit SpanScan(const KeyGroupPlan& plan) : plan_(plan) {}

  // As WindowScan::answer.
  void answer(const RingView& ring, std::size_t begin, std::size_t own, std::int64_t newest, Answers& answers);

 private:
  void sort_values(const SpanPlan& span, const RingRange& range, const NameTable& names);
  void answer_sorted(const SpanPlan& span, Answers& answers);

  const KeyGroupPlan& plan_;
  std::vector<std::uint64_t> values_;  // of one window, in order
};

// The entries of a window as of entry `own` of a ring that begins at `begin`.
RingRange range_of(const SpanPlan& span, const RingView& ring, std::size_t begin, std::size_t own, std::int64_t newest);

}  // namespace weir
