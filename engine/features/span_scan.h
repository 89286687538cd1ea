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
  void answer(const RingView& ring, std::size_t begin, std::size_t own, std::int64_t newest, Answers& answers) {
    scan({ring, begin, own, 1, ring.age(own, newest), newest}, answers);
  }
  // As WindowScan::ask.
  void ask(const RingView& ring, std::size_t begin, std::size_t end, std::uint64_t age, std::int64_t newest, Answers& answers) {
    scan({ring, begin, end, 0, age, newest}, answers);
  }

  // An event of this age in front of which the entries [begin, place) of a ring stand; it is an entry itself, or it is none.
  struct Moment {
    const RingView& ring;
    std::size_t begin = 0;
    std::size_t place = 0;
    std::size_t own_entries = 0;  // 0 or 1
    std::uint64_t age = 0;
    std::int64_t newest = 0;
  };

 private:
  void scan(const Moment& moment, Answers& answers);
  void sort_values(const SpanPlan& span, const RingRange& range, const NameTable& names);
  void answer_sorted(const SpanPlan& span, Answers& answers);

  const KeyGroupPlan& plan_;
  std::vector<std::uint64_t> values_;  // of one window, in order
};

// The entries of a window as of a moment.
RingRange range_of(const SpanPlan& span, const SpanScan::Moment& moment);

}  // namespace weir
