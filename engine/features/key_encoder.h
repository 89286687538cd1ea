// The bytes of a key: what a key is compared by.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/byte_buffer.h"
#include "engine/event/batch.h"

namespace weir {

// A key of one string is that string; otherwise parts follow each other, a string behind its length, so that no two keys share their bytes.
class KeyEncoder {
 public:
  explicit KeyEncoder(const std::vector<ColumnIndex>& by) : by_(by) {}

  void clear() { bytes_.clear(); }

  // A key that needs no encoding.
  bool is_plain(const EventBatch& batch) const { return by_.size() == 1 && batch.columns[by_[0]].type == ValueType::string; }

  // Appends the key of a row; false if a part is missing, and then what was appended means nothing.
  bool encode(const EventBatch& batch, std::size_t row) {
    for (const ColumnIndex part : by_) {
      const Column& column = batch.columns[part];
      if (!column.present.test(row)) return false;
      append(column, row);
    }
    return true;
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(bytes_.size()); }
  // Valid until the next `encode`.
  std::string_view view(std::uint32_t begin, std::uint32_t size) const { return bytes_.view(begin, size); }

 private:
  void append_word(std::uint64_t word) { bytes_.append({reinterpret_cast<const char*>(&word), sizeof word}); }

  void append(const Column& column, std::size_t row) {
    switch (column.type) {
      case ValueType::string:
        append_word(column.strings[row].size());
        bytes_.append(column.strings[row]);
        break;
      case ValueType::geo:
        append_word(std::bit_cast<std::uint64_t>(column.points[row].latitude + 0.0));  // + 0.0: -0 is 0
        append_word(std::bit_cast<std::uint64_t>(column.points[row].longitude + 0.0));
        break;
      case ValueType::ip:
        bytes_.append(bytes_of(column.addresses[row]));
        break;
      case ValueType::floating:
        append_word(std::bit_cast<std::uint64_t>(column.floats[row] + 0.0));
        break;
      case ValueType::boolean:
        append_word(column.bits.test(row) ? 1 : 0);
        break;
      default:
        append_word(static_cast<std::uint64_t>(column.integers[row]));
    }
  }

  const std::vector<ColumnIndex>& by_;
  ByteBuffer bytes_;
};

}  // namespace weir
