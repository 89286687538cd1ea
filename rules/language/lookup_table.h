// A table that rules read by key: `lookup(bins, bin).country`. Built when the rules are checked, then only read, by any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ip_address.h"
#include "engine/event/value_type.h"

namespace weir {

struct LookupColumnSpec {
  std::string name;  // of the CSV file's column
  ValueType type = ValueType::string;
  int scale = 0;
  bool optional = false;  // declared with "?": the cell may be empty
};

// What a lookup's declaration says about its file.
struct LookupShape {
  ValueType key_type = ValueType::string;  // string, integer or ip
  std::string first;                       // the key's column, or that of a range's first key
  std::string last;                        // of a range's last key; empty: keys are single, or networks of IP addresses
  std::vector<LookupColumnSpec> columns;

  bool is_ranged() const { return !last.empty() || key_type == ValueType::ip; }
};

// Values by row; which vector is in use follows from the type.
struct LookupColumn {
  LookupColumnSpec spec;
  std::vector<std::int64_t> integers;  // integer, decimal, timestamp
  std::vector<double> floats;
  std::vector<std::uint8_t> booleans;
  std::vector<std::uint32_t> words;     // of strings: into `dictionary`
  std::vector<std::string> dictionary;  // each text once
  std::vector<std::uint8_t> present;    // of optional columns
};

using LookupRow = std::uint32_t;
constexpr LookupRow no_lookup_row = 0xffffffff;

// Keys of one row: single ones, or both ends of a range. Texts of ranges all have the same number of bytes.
struct LookupKeys {
  std::vector<std::int64_t> first_integers;
  std::vector<std::int64_t> last_integers;
  std::vector<std::string> first_texts;
  std::vector<std::string> last_texts;
  std::vector<IpAddress> first_addresses;
  std::vector<IpAddress> last_addresses;
};

// Two rows that the same key would find.
struct LookupConflict {
  LookupRow row = no_lookup_row;
  LookupRow earlier = no_lookup_row;  // in the file
};

class LookupTable {
 public:
  // Rows whose keys repeat or overlap are in `conflicts` then, at most `conflicts_max`, by row; such a table is not used.
  LookupTable(const LookupShape& shape, LookupKeys keys, std::vector<LookupColumn> columns, std::string digest,
              std::vector<LookupConflict>& conflicts, std::size_t conflicts_max);

  std::size_t rows() const { return rows_; }
  ValueType key_type() const { return key_type_; }
  const LookupColumn& column(std::size_t index) const { return columns_[index]; }
  // Of the file: tells tables apart.
  const std::string& digest() const { return digest_; }

  // no_lookup_row: the key is not there.
  LookupRow find(std::int64_t key) const;
  LookupRow find(std::string_view key) const;
  LookupRow find(const IpAddress& key) const;

 private:
  void index_single_keys(std::vector<LookupConflict>& conflicts, std::size_t conflicts_max);
  void index_ranges(std::vector<LookupConflict>& conflicts, std::size_t conflicts_max);
  template <typename Keys>
  void index_ranges(const Keys& first, const Keys& last, std::vector<LookupConflict>& conflicts, std::size_t conflicts_max);
  bool same_key(LookupRow one, LookupRow other) const;
  std::uint64_t hash_of(LookupRow row) const;

  ValueType key_type_;
  bool ranged_;
  std::size_t rows_;
  LookupKeys keys_;
  std::vector<LookupColumn> columns_;
  std::string digest_;
  std::vector<LookupRow> slots_;      // of single keys: open addressing, at most half full
  std::vector<LookupRow> ascending_;  // of ranges
};

}  // namespace weir
