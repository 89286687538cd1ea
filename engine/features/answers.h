// Where the answers of one key group go: the columns of its features in one batch.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include "engine/base/int128.h"
#include "engine/event/batch.h"
#include "engine/features/feature_limits.h"
#include "engine/features/feature_plan.h"
#include "engine/features/name_table.h"
#include "engine/features/ring_view.h"

namespace weir {

// Outputs are places in KeyGroupPlan::features. Rows that `start_word` names are present until `put_missing`.
class Answers {
 public:
  Answers(const FeatureStoreLimits& limits, FeatureStoreCounters& counters, const NameTable& names)
      : limits_(limits), counters_(counters), names_(names) {}

  void bind(const KeyGroupPlan& plan, FeatureColumns& out, std::size_t rows) {
    arena_ = &out.arena;
    targets_.clear();
    for (const GroupFeaturePlan& feature : plan.features) {
      if (feature.index == no_feature && gone_.size() <= targets_.size()) gone_.resize(plan.features.size());
      Column& column = feature.index == no_feature ? gone_[targets_.size()] : out.columns[feature.index];
      column.type = feature.type;
      column.scale = feature.scale;
      column.resize(rows);
      targets_.push_back({&column, column.integers.data(), column.floats.data(), column.present.words()});
    }
  }

  // The rows of one word of the masks that have a key.
  void start_word(std::size_t word, std::uint64_t rows) {
    for (const Target& target : targets_) target.present[word] = rows;
  }
  // Rows of a word that come in several portions.
  void add_to_word(std::size_t word, std::uint64_t rows) {
    for (const Target& target : targets_) target.present[word] |= rows;
  }
  void start_row(std::size_t row) { row_ = row; }

  void put_missing(std::int32_t output) {
    targets_[static_cast<std::size_t>(output)].present[row_ / BitMask::word_bits] &= ~(std::uint64_t{1} << (row_ % BitMask::word_bits));
  }
  void put_integer(std::int32_t output, std::int64_t value) { targets_[static_cast<std::size_t>(output)].integers[row_] = value; }
  void put_number(std::int32_t output, double value) {
    if (!std::isfinite(value)) return put_out_of_range(output);
    put_finite(output, value);
  }
  void put_finite(std::int32_t output, double value) { targets_[static_cast<std::size_t>(output)].floats[row_] = value; }
  void put_out_of_range(std::int32_t output) {
    ++counters_.out_of_range;
    put_missing(output);
  }
  void put_count(const CellPlan& cell, std::uint64_t count) {
    if (cell.has(Aggregate::count)) put_integer(cell.output(Aggregate::count), static_cast<std::int64_t>(count));
  }
  void put_distinct(std::int32_t output, std::uint64_t distinct) {
    if (distinct > limits_.distinct_values_max) {
      ++counters_.distinct_bound_reached;
      distinct = limits_.distinct_values_max;
    }
    put_integer(output, static_cast<std::int64_t>(distinct));
  }

  // Of a cell whose numbers nobody reads: which of them there are not.
  void put_unread(const CellPlan& cell, std::uint64_t count) {
    if (count >= 2) return;
    if (cell.has(Aggregate::stddev)) put_missing(cell.output(Aggregate::stddev));
    if (count == 1) return;
    for (const Aggregate aggregate : {Aggregate::avg, Aggregate::min, Aggregate::max})
      if (cell.has(aggregate)) put_missing(cell.output(aggregate));
  }

  // A value as the ring keeps it.
  void put_value(std::int32_t output, const RingView& ring, const RingColumnPlan& column, std::size_t index) {
    const Target& target = targets_[static_cast<std::size_t>(output)];
    switch (column.type) {
      case ValueType::string:
        target.column->strings[row_] = arena_->copy(names_.text(ring.load<NameNumber>(column.bytes_before, index)));
        break;
      case ValueType::ip:
        put_address(target, ring.load<NameNumber>(column.bytes_before, index));
        break;
      case ValueType::geo:
        target.column->points[row_] = ring.load<GeoPoint>(column.bytes_before, index);
        break;
      case ValueType::boolean:
        if (ring.word(column, index) != 0) target.column->bits.set(row_);
        break;
      case ValueType::floating:
        target.floats[row_] = ring.load<double>(column.bytes_before, index);
        break;
      default:
        target.integers[row_] = ring.load<std::int64_t>(column.bytes_before, index);
    }
  }

  // A value by its word: anything but a point or a float.
  void put_word(std::int32_t output, const RingColumnPlan& column, std::uint64_t word) {
    const Target& target = targets_[static_cast<std::size_t>(output)];
    if (column.type == ValueType::string) {
      target.column->strings[row_] = arena_->copy(names_.text(static_cast<NameNumber>(word)));
    } else if (column.type == ValueType::ip) {
      put_address(target, static_cast<NameNumber>(word));
    } else if (column.type == ValueType::boolean) {
      if (word != 0) target.column->bits.set(row_);
    } else {
      target.integers[row_] = static_cast<std::int64_t>(word);
    }
  }

  const NameTable& names() const { return names_; }

  template <typename Sum>
  static double average_of(std::uint64_t count, Sum sum, double unit) {
    return static_cast<double>(sum) / (static_cast<double>(static_cast<std::int64_t>(count)) * unit);
  }
  static double deviation_of(std::uint64_t count, double spread, double unit) {
    const double number = static_cast<double>(static_cast<std::int64_t>(count));
    return std::sqrt(spread / (number * (number - 1))) / unit;
  }

  // Sum, average and standard deviation of integers. `spread` gives count * squares - sum * sum, rounded once.
  template <typename Sum, typename Spread>
  void put_sums(const CellPlan& cell, std::uint64_t count, Sum sum, Spread spread) {
    if (cell.has(Aggregate::sum)) {
      const std::int64_t narrow = static_cast<std::int64_t>(sum);
      if (narrow != sum) {
        put_out_of_range(cell.output(Aggregate::sum));
      } else {
        put_integer(cell.output(Aggregate::sum), narrow);
      }
    }
    if (cell.has(Aggregate::avg)) {
      if (count == 0) {
        put_missing(cell.output(Aggregate::avg));
      } else {
        put_number(cell.output(Aggregate::avg), average_of(count, sum, cell.unit));
      }
    }
    if (cell.has(Aggregate::stddev)) {
      if (count < 2) {
        put_missing(cell.output(Aggregate::stddev));
      } else {
        put_number(cell.output(Aggregate::stddev), deviation_of(count, spread(), cell.unit));
      }
    }
  }

 private:
  struct Target {
    Column* column = nullptr;
    std::int64_t* integers = nullptr;
    double* floats = nullptr;
    std::uint64_t* present = nullptr;
  };

  void put_address(const Target& target, NameNumber name) {
    const std::string_view bytes = names_.text(name);
    std::memcpy(&target.column->addresses[row_], bytes.data(), sizeof(IpAddress));
  }

  const FeatureStoreLimits& limits_;
  FeatureStoreCounters& counters_;
  const NameTable& names_;
  Arena* arena_ = nullptr;
  std::vector<Target> targets_;
  std::deque<Column> gone_;  // by output: where answers to features go that the rule set has no more
  std::size_t row_ = 0;
};

}  // namespace weir
