// CRC-32C (Castagnoli), which protects Kafka's record batches. By the processor's instruction where it has one.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::wire {

std::uint32_t crc32c(std::string_view bytes);

// The same by a table, for processors without the instruction; also what the tests compare with.
std::uint32_t crc32c_by_table(std::string_view bytes);

}  // namespace weir::wire
