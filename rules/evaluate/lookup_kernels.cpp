// Lookups: keys to rows, and rows to values of their columns.
#include <string_view>

#include "rules/evaluate/kernels.h"
#include "rules/language/lookup_table.h"

namespace weir::evaluate {

namespace {

template <typename Key>
void find_row(const Operation& operation, const Frame& frame) {
  const auto& table = *static_cast<const LookupTable*>(operation.attachment);
  const Key* keys = frame.values<Key>(operation.a);
  auto* result = frame.results<std::int64_t>(operation.result);
  std::uint64_t present = 0;
  for_each_row(operation.live(frame), [&](std::size_t row) {
    const LookupRow found = table.find(keys[row]);
    if (found == no_lookup_row) return;
    result[row] = found;
    present |= std::uint64_t{1} << row;
  });
  frame.masks[operation.present] = present;
}

// The operand has rows of the table, on rows of the block where there is one.
template <typename Body>
void for_each_found(const Operation& operation, const Frame& frame, Body&& body) {
  const auto& column = *static_cast<const LookupColumn*>(operation.attachment);
  const auto* found = frame.values<std::int64_t>(operation.a);
  for_each_row(operation.live(frame), [&](std::size_t row) { body(column, row, static_cast<std::size_t>(found[row])); });
}

void read_integers(const Operation& operation, const Frame& frame) {
  auto* result = frame.results<std::int64_t>(operation.result);
  for_each_found(operation, frame,
                 [&](const LookupColumn& column, std::size_t row, std::size_t found) { result[row] = column.integers[found]; });
}

void read_floats(const Operation& operation, const Frame& frame) {
  auto* result = frame.results<double>(operation.result);
  for_each_found(operation, frame,
                 [&](const LookupColumn& column, std::size_t row, std::size_t found) { result[row] = column.floats[found]; });
}

void read_texts(const Operation& operation, const Frame& frame) {
  auto* result = frame.results<std::string_view>(operation.result);
  for_each_found(operation, frame, [&](const LookupColumn& column, std::size_t row, std::size_t found) {
    result[row] = column.dictionary[column.words[found]];
  });
}

template <std::vector<std::uint8_t> LookupColumn::*flags>
void read_flags(const Operation& operation, const Frame& frame) {
  std::uint64_t set = 0;
  for_each_found(operation, frame, [&](const LookupColumn& column, std::size_t row, std::size_t found) {
    set |= static_cast<std::uint64_t>((column.*flags)[found]) << row;
  });
  frame.masks[operation.result] = set;
}

}  // namespace

Kernel find_lookup_kernel(const KernelRequest& request) {
  if (request.op == Operator::row_present) return read_flags<&LookupColumn::present>;
  if (request.op == Operator::row_bit) return read_flags<&LookupColumn::booleans>;
  if (request.op == Operator::find_row) {
    if (request.operand == ValueType::ip) return find_row<IpAddress>;
    return request.operand == ValueType::string ? find_row<std::string_view> : find_row<std::int64_t>;
  }
  if (request.result == ValueType::string) return read_texts;
  return request.result == ValueType::floating ? read_floats : read_integers;
}

}  // namespace weir::evaluate
