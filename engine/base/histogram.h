// A log-linear histogram of non-negative integers (after HdrHistogram, Gil Tene): 32 steps to each power of two, so a percentile is at
// most 3.2 % too high.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace weir {

// One thread records, any thread reads: relaxed counters without locks.
class Histogram {
 public:
  static constexpr int step_bits = 5;
  static constexpr std::size_t steps = std::size_t{1} << step_bits;
  static constexpr std::size_t bucket_count = (64 - step_bits) * steps + steps;

  void record(std::uint64_t value, std::uint64_t times = 1) {
    std::atomic<std::uint64_t>& bucket = buckets_[bucket_of(value)];
    bucket.store(bucket.load(std::memory_order_relaxed) + times, std::memory_order_relaxed);
  }

  // Of all values.
  std::uint64_t count() const {
    std::uint64_t total = 0;
    for (const std::atomic<std::uint64_t>& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
    return total;
  }

  // Adds this histogram's counts to `into`, which has bucket_count entries.
  void add_to(std::array<std::uint64_t, bucket_count>& into) const {
    for (std::size_t index = 0; index < bucket_count; ++index) into[index] += buckets_[index].load(std::memory_order_relaxed);
  }

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < steps) return static_cast<std::size_t>(value);
    const int exponent = 63 - std::countl_zero(value);
    const auto step = static_cast<std::size_t>(value >> (exponent - step_bits)) & (steps - 1);
    return static_cast<std::size_t>(exponent - step_bits + 1) * steps + step;
  }

  // The largest value that falls into the bucket.
  static constexpr std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket < steps) return bucket;
    const std::size_t exponent = bucket / steps + step_bits - 1;
    const std::uint64_t step = bucket % steps;
    const std::uint64_t width = std::uint64_t{1} << (exponent - step_bits);
    return (std::uint64_t{1} << exponent) + (step + 1) * width - 1;
  }

  // The smallest upper bound below which at least `share` (0 to 1) of all counts lie; 0 when empty.
  static std::uint64_t percentile(const std::array<std::uint64_t, bucket_count>& counts, double share) {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts) total += count;
    if (total == 0) return 0;
    const double wanted = share * static_cast<double>(total);
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < bucket_count; ++index) {
      seen += counts[index];
      if (counts[index] > 0 && static_cast<double>(seen) >= wanted) return upper_bound(index);
    }
    return 0;
  }

 private:
  std::array<std::atomic<std::uint64_t>, bucket_count> buckets_{};
};

}  // namespace weir
