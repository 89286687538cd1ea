// How many different numbers there are among a few.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir {

// By comparing all with all, several at a time, where the processor can (AVX-512 with conflict detection); otherwise `no_count`.
constexpr std::size_t no_count = ~std::size_t{0};
std::size_t count_distinct(const std::uint32_t* values, std::size_t count);

}  // namespace weir
