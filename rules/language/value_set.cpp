#include "rules/language/value_set.h"

#include <algorithm>
#include <charconv>

#include "engine/base/byte_buffer.h"
#include "engine/base/decimal.h"
#include "engine/base/json_text.h"

namespace weir {

std::size_t ValueSet::size() const {
  return texts ? texts->size() : integers ? integers->size() : addresses ? addresses->size() : 0;
}

std::size_t ValueSet::memory_bytes() const {
  return texts ? texts->memory_bytes() : integers ? integers->memory_bytes() : addresses ? addresses->memory_bytes() : 0;
}

SetDigest ValueSet::digest() const {
  return texts ? texts->digest() : integers ? integers->digest() : addresses ? addresses->digest() : SetDigest{};
}

std::vector<std::string> ValueSet::sorted_texts() const {
  std::vector<std::string> all;
  if (texts) texts->for_each([&](std::string_view text) { all.emplace_back(text); });
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::int64_t> ValueSet::sorted_integers() const {
  std::vector<std::int64_t> all;
  if (integers) integers->for_each([&](std::int64_t value) { all.push_back(value); });
  std::sort(all.begin(), all.end());
  return all;
}

std::string ValueSet::canonical_text() const {
  ByteBuffer text;
  text.append(to_string(type));
  text.append(' ');
  append_integer(text, scale);
  text.append(' ');
  append_integer(text, static_cast<std::int64_t>(size()));
  text.append(' ');
  append_hex(text, digest().sum);
  append_hex(text, digest().mixed_sum);
  return std::string(text.view());
}

void ValueSetBuilder::expect_text_bytes(std::size_t bytes) {
  if (type_ == ValueType::string) texts_.expect(bytes);
}

bool ValueSetBuilder::add(std::string_view text) {
  if (type_ == ValueType::string) return texts_.add(text);
  if (type_ == ValueType::ip) {
    const std::optional<IpNetwork> network = parse_ip_network(text);
    if (network) addresses_.add(*network);
    return network.has_value();
  }
  const std::optional<std::int64_t> value = read_integer(text, type_, scale_);
  if (value) integers_.push_back(*value);
  return value.has_value();
}

ValueSet ValueSetBuilder::finish() {
  ValueSet set;
  set.type = type_;
  set.scale = scale_;
  if (count() == 0) return set;
  if (type_ == ValueType::string)
    set.texts = std::make_shared<const TextSet>(texts_.finish());
  else if (type_ == ValueType::ip)
    set.addresses = std::make_shared<const IpSet>(std::move(addresses_));
  else
    set.integers = std::make_shared<const IntegerSet>(std::move(integers_));
  return set;
}

std::optional<std::int64_t> read_integer(std::string_view text, ValueType type, int scale) {
  if (type == ValueType::decimal) {
    const DecimalResult parsed = parse_decimal(text, scale);
    if (parsed.error != DecimalError::none) return std::nullopt;
    return parsed.scaled;
  }
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace weir
