// The FD-1 workload: payments of two or more days of event time, the same bytes for the same size and seed.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "bench/fd1/workload_size.h"
#include "engine/base/random.h"
#include "engine/base/zipf_distribution.h"

namespace weir::fd1 {

constexpr std::int64_t first_time_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr std::int64_t day_ms = 86'400'000;

struct WorkloadRecord {
  std::string key;    // the card, also of malformed records
  std::string value;  // one JSON document without a line break, unless malformed
  bool malformed = false;
};

// Event i is written at first_time_ms + i * day / events_per_day. Of all events 0.5 % belong to bursts (one card, 8 to 40 payments below 5
// within 90 s), 1 % carry a time up to 2 s before the moment they are written, 0.1 % are malformed in one of ten ways.
class Workload {
 public:
  Workload(const WorkloadSize& size, std::uint64_t seed);

  // Overwrites `record` with the next one. False after the last.
  bool next(WorkloadRecord& record);

 private:
  struct BurstPayment {
    std::uint64_t slot;
    std::uint64_t card;
    std::uint64_t device;
    std::uint64_t merchant;
    bool operator>(const BurstPayment& other) const { return slot > other.slot; }
  };

  std::int64_t slot_time_ms(std::uint64_t slot) const;
  void start_burst(std::uint64_t slot);
  double draw_amount();

  WorkloadSize size_;
  Random random_;
  ZipfDistribution card_ranks_;
  ZipfDistribution device_ranks_;
  ZipfDistribution merchant_ranks_;
  std::uint64_t slot_ = 0;
  std::priority_queue<BurstPayment, std::vector<BurstPayment>, std::greater<>> bursts_;
};

}  // namespace weir::fd1
