// The sizes of the FD-1 workload.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::fd1 {

struct WorkloadSize {
  std::string_view name;
  std::uint64_t cards;
  std::uint64_t devices;
  std::uint64_t merchants;
  std::uint64_t events_per_day;  // of event time; the first day warms up, the rest is timed
  std::uint64_t events;
};

// `T` is for tests: every window still fills and empties.
constexpr std::array<WorkloadSize, 4> workload_sizes{{
    {"T", 2'000, 400, 100, 10'000, 20'000},
    {"S", 200'000, 40'000, 10'000, 600'000, 1'200'000},
    {"FULL", 1'000'000, 200'000, 50'000, 3'000'000, 6'000'000},
    {"L", 10'000'000, 2'000'000, 200'000, 30'000'000, 36'000'000},
}};

inline std::optional<WorkloadSize> workload_size(std::string_view name) {
  for (const WorkloadSize& size : workload_sizes) {
    if (size.name == name) return size;
  }
  return std::nullopt;
}

}  // namespace weir::fd1
