// Seeded streams of events and features, made to hit the edges of windows often.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/event_schema.h"
#include "engine/event/feature_spec.h"
#include "engine/features/feature_store.h"

namespace weir {

struct StreamShape {
  std::size_t events = 1500;
  std::size_t keys = 5;
  std::size_t features = 40;
  std::int64_t unit_ms = 1;           // every time and window is a multiple of it
  std::int64_t late_allowed_ms = 20;  // in units
  std::int64_t step_max = 3;          // between two events, in units
  double late_share = 0.1;
  double gap_share = 0.01;
  std::int64_t value_max = 1000;
  std::size_t merchants = 12;
  double span_share = 0;       // of features that are delayed, count events or ask for an order
  bool several_types = false;  // three; features take events of some of them, rows of the others only ask
};

// Fields of the streams, in schema order; two boolean columns derived for `where` and one decimal argument follow them.
enum StreamField : ColumnIndex {
  card,
  device,
  merchant,
  amount,
  points,
  ratio,
  approved,
  place,
  address,
  moment,
  where_a,
  where_b,
  argument,
  column_count
};

struct StreamRow {
  std::int64_t time = 0;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
  std::vector<bool> present;
  std::uint8_t type = 0;
  bool active = true;
};

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, const StreamShape& shape);

  const EventSchema& schema() const { return schema_; }
  std::span<const DerivedColumnSpec> derived() const { return derived_; }
  const std::vector<FeatureSpec>& features() const { return features_; }
  std::vector<FeatureIndex> all_features() const;
  FeatureStoreLimits limits() const;
  std::size_t rows() const { return rows_.size(); }

  // Rows [begin, end) as a batch.
  EventBatch batch(std::size_t begin, std::size_t end) const;
  // What went in, for a failure's message.
  std::string describe(std::size_t row) const;
  std::string describe(const FeatureSpec& feature) const;

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) { return std::uniform_int_distribution<std::int64_t>(low, high)(random_); }
  bool chance(double share) { return std::uniform_real_distribution<double>(0, 1)(random_) < share; }
  FeatureSpec random_feature();
  void make_span(FeatureSpec& feature);
  StreamRow random_row(std::int64_t& now);

  StreamShape shape_;
  std::mt19937_64 random_;
  EventSchema schema_;
  std::vector<DerivedColumnSpec> derived_;
  std::vector<FeatureSpec> features_;
  std::vector<StreamRow> rows_;
};

// The features, and some counts by each of their keys. Most are read only where one of up to three counts is high enough.
std::vector<FeatureSpec> with_demands(std::vector<FeatureSpec> features, std::uint64_t seed);

// `counts`: the row's value of a feature, null where it is missing.
bool is_read(const FeatureSpec& feature, const std::function<const std::int64_t*(std::uint32_t)>& counts);

// Feature values of all rows, one text a row and feature ("-": missing), for exact comparison.
std::vector<std::string> texts_of(const FeatureColumns& columns, std::size_t feature, std::size_t rows);

}  // namespace weir
