// A set of texts, made for lists of millions: one contiguous text and a table of places in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

// Tells sets apart by what is in them, whatever the order in which it was added.
struct SetDigest {
  std::uint64_t sum = 0;
  std::uint64_t mixed_sum = 0;

  void add(std::uint64_t hash);
  bool operator==(const SetDigest&) const = default;
};

// Immutable once built; any number of threads may ask. Costs about 8 bytes an entry beyond its text: a length of one byte (two from 128
// bytes on) before each text, and 64-byte buckets of twelve slots (a tag of 8 bits and a place of 32), four fifths full.
class TextSet {
 public:
  // `packed`: see TextPacker. Later copies of an entry are left out.
  explicit TextSet(std::vector<char> packed, std::size_t entries);

  bool contains(std::string_view text) const;
  // For each row of `rows` (bit i for texts[i]): is it in the set? Memory is asked for ahead, so that a large set costs few waits.
  std::uint64_t contains_each(const std::string_view* texts, std::uint64_t rows) const;

  std::size_t size() const { return size_; }
  // Of the entries' texts alone.
  std::size_t text_bytes() const { return text_bytes_; }
  // All memory that the set holds.
  std::size_t memory_bytes() const { return packed_.capacity() + buckets_.capacity() * sizeof(Bucket); }
  const SetDigest& digest() const { return digest_; }

  // Calls `body(text)` for every entry, in the order in which they were added.
  template <typename Body>
  void for_each(Body&& body) const {
    for (std::size_t at = 1; at < packed_.size();) {
      const std::string_view text = text_at(at);
      body(text);
      at = static_cast<std::size_t>(text.data() - packed_.data()) + text.size();
    }
  }

 private:
  static constexpr std::size_t slots = 12;
  struct alignas(64) Bucket {
    std::uint8_t tags[16] = {};  // the last four are none
    std::uint32_t places[slots] = {};
  };

  void build(std::size_t entries);
  const Bucket& bucket_of(std::uint64_t hash) const;
  std::size_t bucket_index(std::uint64_t hash) const;
  std::string_view text_at(std::size_t place) const;
  bool find(std::string_view text, std::uint64_t hash) const;
  void insert(std::uint64_t hash, std::uint32_t place);

  std::vector<char> packed_;
  std::vector<Bucket> buckets_;
  std::size_t size_ = 0;
  std::size_t text_bytes_ = 0;
  SetDigest digest_;
};

// Texts one behind the other, each behind its length: what a TextSet is made from. Byte 0 is unused, so that place 0 means nothing.
class TextPacker {
 public:
  static constexpr std::size_t text_bytes_max = 16'383;
  static constexpr std::size_t packed_bytes_max = 0xffffffff;

  // Room for texts of so many bytes in all, lengths included.
  void expect(std::size_t bytes) { packed_.reserve(bytes + 1); }
  // `text` has at most text_bytes_max bytes. False when the packer is full.
  bool add(std::string_view text);
  std::size_t count() const { return count_; }
  TextSet finish() { return TextSet(std::move(packed_), count_); }

 private:
  std::vector<char> packed_ = {'\0'};
  std::size_t count_ = 0;
};

}  // namespace weir
