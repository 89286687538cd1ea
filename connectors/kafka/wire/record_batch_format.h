// Where things stand in a record batch of magic 2, in bytes: https://kafka.apache.org/documentation/#recordbatch
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::wire::batch_format {

constexpr std::size_t length_place = 8;
constexpr std::size_t length_end = 12;  // the length counts from here
constexpr std::size_t magic_place = 16;
constexpr std::size_t crc_from = 21;          // what the CRC is of, from the attributes on
constexpr std::size_t last_delta_place = 23;  // last offset - base offset
constexpr std::size_t header_bytes = 61;
constexpr std::int8_t magic = 2;

}  // namespace weir::wire::batch_format
