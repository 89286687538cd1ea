#include "rules/language/text_set.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <xxhash.h>

#include "engine/base/check.h"
#include "engine/base/int128.h"
#include "engine/base/prefetch.h"

namespace weir {

static_assert(std::endian::native == std::endian::little, "tags are found by their place in a word");

namespace {

constexpr std::size_t group_size = 64;                          // texts hashed and asked for ahead
constexpr std::size_t waits_from_bytes = std::size_t{1} << 18;  // smaller sets stay in the cache
constexpr std::uint64_t low_bits = 0x0101010101010101;
constexpr std::uint64_t high_bits = 0x8080808080808080;

std::uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

// 1 to 255: 0 marks a free slot. From other bits of the hash than the bucket.
std::uint8_t tag_of(std::uint64_t hash) {
  const auto tag = static_cast<std::uint8_t>(hash);
  return tag == 0 ? 1 : tag;
}

// The high bit of each byte that is zero; exact up to the lowest one, above which there may be more.
std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - low_bits) & ~word & high_bits;
}

struct TagWords {
  std::uint64_t low = 0;   // slots 0 to 7
  std::uint64_t high = 0;  // slots 8 to 11, then four bytes that stand for none
};

TagWords load_tags(const std::uint8_t* tags) {
  TagWords words;
  std::memcpy(&words.low, tags, 8);
  std::memcpy(&words.high, tags + 8, 8);
  return words;
}

}  // namespace

void SetDigest::add(std::uint64_t hash) {
  sum += hash;
  std::uint64_t mixed = (hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ (mixed >> 29)) * 0xbf58476d1ce4e5b9ULL;
  mixed_sum += mixed ^ (mixed >> 32);
}

bool TextPacker::add(std::string_view text) {
  WEIR_CHECK(text.size() <= text_bytes_max);
  if (packed_.size() + text.size() + 2 > packed_bytes_max) return false;
  // Seven bits a byte; a set high bit: another follows.
  if (text.size() < 128) {
    packed_.push_back(static_cast<char>(text.size()));
  } else {
    packed_.push_back(static_cast<char>(0x80U | (text.size() & 0x7fU)));
    packed_.push_back(static_cast<char>(text.size() >> 7));
  }
  packed_.insert(packed_.end(), text.begin(), text.end());
  ++count_;
  return true;
}

TextSet::TextSet(std::vector<char> packed, std::size_t entries) : packed_(std::move(packed)) {
  build(entries);
  // With many copies the table was made too large: once more, for what is left.
  if (size_ + size_ / 8 < entries) build(size_);
  if (packed_.capacity() - packed_.size() > packed_.size() / 16) packed_.shrink_to_fit();
}

std::size_t TextSet::bucket_index(std::uint64_t hash) const {
  return static_cast<std::size_t>((UInt128{hash} * buckets_.size()) >> 64);
}

const TextSet::Bucket& TextSet::bucket_of(std::uint64_t hash) const {
  return buckets_[bucket_index(hash)];
}

std::string_view TextSet::text_at(std::size_t place) const {
  std::size_t size = static_cast<std::uint8_t>(packed_[place++]);
  if (size >= 128) size = (size & 0x7fU) | static_cast<std::size_t>(static_cast<std::uint8_t>(packed_[place++])) << 7;
  return {packed_.data() + place, size};
}

// Goes through the packed texts once and moves each that is new to the front, over those that are not.
void TextSet::build(std::size_t entries) {
  buckets_.assign(entries * 5 / (4 * slots) + 2, {});
  size_ = 0;
  text_bytes_ = 0;
  digest_ = {};
  std::array<std::string_view, group_size> texts;
  std::array<std::uint64_t, group_size> hashes{};
  std::array<std::size_t, group_size> begins{};
  std::size_t read = 1;
  std::size_t write = 1;
  while (read < packed_.size()) {
    std::size_t count = 0;
    for (; count < group_size && read < packed_.size(); ++count) {
      begins[count] = read;
      texts[count] = text_at(read);
      read = static_cast<std::size_t>(texts[count].data() - packed_.data()) + texts[count].size();
      hashes[count] = hash_of(texts[count]);
      prefetch(&bucket_of(hashes[count]));
    }
    for (std::size_t at = 0; at < count; ++at) {
      const std::string_view text = texts[at];
      if (find(text, hashes[at])) continue;
      const std::size_t bytes = static_cast<std::size_t>(text.data() - packed_.data()) + text.size() - begins[at];
      if (write != begins[at]) std::memmove(packed_.data() + write, packed_.data() + begins[at], bytes);
      insert(hashes[at], static_cast<std::uint32_t>(write));
      write += bytes;
      ++size_;
      text_bytes_ += text.size();
      digest_.add(hashes[at]);
    }
  }
  packed_.resize(write);
}

void TextSet::insert(std::uint64_t hash, std::uint32_t place) {
  for (std::size_t at = bucket_index(hash);; at = at + 1 == buckets_.size() ? 0 : at + 1) {
    Bucket& bucket = buckets_[at];
    const auto* free = std::find(bucket.tags, bucket.tags + slots, std::uint8_t{0});
    if (free == bucket.tags + slots) continue;
    const auto slot = static_cast<std::size_t>(free - bucket.tags);
    bucket.tags[slot] = tag_of(hash);
    bucket.places[slot] = place;
    return;
  }
}

bool TextSet::find(std::string_view text, std::uint64_t hash) const {
  const std::uint64_t wanted = tag_of(hash) * low_bits;
  for (std::size_t at = bucket_index(hash);; at = at + 1 == buckets_.size() ? 0 : at + 1) {
    const Bucket& bucket = buckets_[at];
    const TagWords tags = load_tags(bucket.tags);
    for (std::uint64_t same = zero_bytes(tags.low ^ wanted); same != 0; same &= same - 1)
      if (text_at(bucket.places[std::countr_zero(same) / 8]) == text) return true;
    for (std::uint64_t same = zero_bytes(tags.high ^ wanted) & 0xffffffffU; same != 0; same &= same - 1)
      if (text_at(bucket.places[8 + std::countr_zero(same) / 8]) == text) return true;
    const bool full = zero_bytes(tags.low) == 0 && (zero_bytes(tags.high) & 0xffffffffU) == 0;
    if (!full) return false;
  }
}

bool TextSet::contains(std::string_view text) const {
  return find(text, hash_of(text));
}

std::uint64_t TextSet::contains_each(const std::string_view* texts, std::uint64_t rows) const {
  std::uint64_t found = 0;
  if (memory_bytes() < waits_from_bytes) {
    for (; rows != 0; rows &= rows - 1) {
      const auto row = static_cast<std::size_t>(std::countr_zero(rows));
      found |= static_cast<std::uint64_t>(contains(texts[row])) << row;
    }
    return found;
  }
  std::array<std::uint64_t, 64> hashes;
  for (std::uint64_t left = rows; left != 0; left &= left - 1) {
    const auto row = static_cast<std::size_t>(std::countr_zero(left));
    hashes[row] = hash_of(texts[row]);
    prefetch(&bucket_of(hashes[row]));
  }
  // The buckets are on their way; of those that may hold the text, ask for its place.
  for (std::uint64_t left = rows; left != 0; left &= left - 1) {
    const auto row = static_cast<std::size_t>(std::countr_zero(left));
    const Bucket& bucket = bucket_of(hashes[row]);
    const TagWords tags = load_tags(bucket.tags);
    const std::uint64_t wanted = tag_of(hashes[row]) * low_bits;
    if (const std::uint64_t same = zero_bytes(tags.low ^ wanted); same != 0)
      prefetch(packed_.data() + bucket.places[std::countr_zero(same) / 8]);
    else if (const std::uint64_t rest = zero_bytes(tags.high ^ wanted) & 0xffffffffU; rest != 0)
      prefetch(packed_.data() + bucket.places[8 + std::countr_zero(rest) / 8]);
  }
  for (std::uint64_t left = rows; left != 0; left &= left - 1) {
    const auto row = static_cast<std::size_t>(std::countr_zero(left));
    found |= static_cast<std::uint64_t>(find(texts[row], hashes[row])) << row;
  }
  return found;
}

}  // namespace weir
