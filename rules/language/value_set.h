// Distinct values of one type: a list, or the values of `in [..]`. One copy, shared by the checker, the compiler and the scorer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/value_type.h"
#include "rules/language/integer_set.h"
#include "rules/language/ip_set.h"
#include "rules/language/text_set.h"

namespace weir {

struct ValueSet {
  ValueType type = ValueType::string;  // string, integer, decimal or ip
  int scale = 0;
  std::shared_ptr<const TextSet> texts;        // of strings; none: empty
  std::shared_ptr<const IntegerSet> integers;  // of integers and decimals (scaled); none: empty
  std::shared_ptr<const IpSet> addresses;      // of ips; none: empty

  std::size_t size() const;
  std::size_t memory_bytes() const;
  SetDigest digest() const;
  // The values in ascending order (texts bytewise). For small sets of their type.
  std::vector<std::string> sorted_texts() const;
  std::vector<std::int64_t> sorted_integers() const;
  // The same for sets with the same type and values, different for others: "string 3 5f0c...".
  std::string canonical_text() const;
};

class ValueSetBuilder {
 public:
  ValueSetBuilder(ValueType type, int scale) : type_(type), scale_(scale) {}

  // Room for texts of so many bytes in all, lengths included.
  void expect_text_bytes(std::size_t bytes);
  // False when `text` is not of the set's type, or does not fit.
  bool add(std::string_view text);
  void add_integer(std::int64_t value) { integers_.push_back(value); }
  // Copies included.
  std::size_t count() const { return texts_.count() + integers_.size() + addresses_.count(); }
  ValueType type() const { return type_; }
  int scale() const { return scale_; }
  ValueSet finish();

 private:
  ValueType type_;
  int scale_;
  TextPacker texts_;
  std::vector<std::int64_t> integers_;
  IpRanges addresses_;
};

// `text` as a value of that type (integer, or decimal scaled); nothing when it is not one.
std::optional<std::int64_t> read_integer(std::string_view text, ValueType type, int scale);

}  // namespace weir
