// From a JSON key to the declared field of that name: a perfect hash over length, first and last eight bytes, made once for a schema.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/event_schema.h"

namespace weir {

class FieldTable {
 public:
  static constexpr std::uint32_t none = 0xffff'ffff;

  explicit FieldTable(const EventSchema& schema);
  // Of some of its fields, by their places in it.
  FieldTable(const EventSchema& schema, const std::vector<std::size_t>& fields);

  // `key` points behind the opening quote of a key without escapes; its closing quote exists and eight bytes behind that are readable.
  std::uint32_t find_quoted(const char* key) const {
    std::size_t length = 0;
    while (true) {
      const std::uint64_t quotes = quote_bytes(load(key + length));
      if (quotes != 0) {
        length += first_byte(quotes);
        break;
      }
      length += word_bytes;
      if (length > longest_) return none;
    }
    return find(key, length);
  }

  // Eight bytes behind `key` are readable, whatever its length.
  std::uint32_t find(const char* key, std::size_t length) const {
    const Words words = words_of(key, length);
    const Slot& slot = slots_[slot_of(words, length)];
    if (slot.length != length || slot.words.first != words.first || slot.words.last != words.last) return none;
    if (length > 2 * word_bytes && std::memcmp(key, slot.name.data(), length) != 0) return none;
    return slot.field;
  }

 private:
  static constexpr std::size_t word_bytes = 8;

  struct Words {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  struct Slot {
    Words words;
    std::size_t length = ~std::size_t{0};
    std::uint32_t field = none;
    std::string name;
  };

  static std::uint64_t load(const char* from) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, word_bytes);
    return word;
  }
  // The high bit of the lowest byte that is a quote; bits above it mean nothing.
  static std::uint64_t quote_bytes(std::uint64_t word) {
    const std::uint64_t difference = word ^ 0x2222'2222'2222'2222U;
    return (difference - 0x0101'0101'0101'0101U) & ~difference & 0x8080'8080'8080'8080U;
  }
  static std::size_t first_byte(std::uint64_t marks) {
    static_assert(std::endian::native == std::endian::little);
    return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
  }
  static Words words_of(const char* key, std::size_t length) {
    if (length >= word_bytes) return {load(key), load(key + length - word_bytes)};
    const std::uint64_t word = load(key) & ((std::uint64_t{1} << (8 * length)) - 1);
    return {word, word};
  }
  std::size_t slot_of(const Words& words, std::size_t length) const {
    return static_cast<std::size_t>(((words.first ^ std::rotl(words.last, 23) ^ length) * multiplier_) >> shift_);
  }
  bool place(const EventSchema& schema, const std::vector<std::size_t>& fields);

  std::vector<Slot> slots_;
  std::uint64_t multiplier_ = 0;
  unsigned shift_ = 63;
  std::size_t longest_ = 0;
};

}  // namespace weir
