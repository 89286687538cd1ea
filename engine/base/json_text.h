// Appends JSON text to a buffer: numbers and strings as decisions, dead letters and diagnostics write them. The same value gives the same
// bytes.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/byte_buffer.h"

namespace weir {

inline void append_integer(ByteBuffer& out, std::int64_t value) {
  char* at = out.grow(24);
  out.advance(static_cast<std::size_t>(std::to_chars(at, at + 24, value).ptr - at));
}

// The shortest text that reads back as the same double. Finite values only: JSON has no others.
inline void append_double(ByteBuffer& out, double value) {
  char* at = out.grow(32);
  out.advance(static_cast<std::size_t>(std::to_chars(at, at + 32, value).ptr - at));
}

// `bytes` with what JSON wants escaped, without the quotes around it. Bytes above 0x7f pass through: valid UTF-8 stays valid.
void append_json_escaped(ByteBuffer& out, std::string_view bytes);

inline void append_json_string(ByteBuffer& out, std::string_view bytes) {
  out.append('"');
  append_json_escaped(out, bytes);
  out.append('"');
}

// The same by itself, for control planes.
std::string json_of(std::string_view bytes);

// 16 lower-case hexadecimal digits, the most significant first.
void append_hex(ByteBuffer& out, std::uint64_t value);

}  // namespace weir
