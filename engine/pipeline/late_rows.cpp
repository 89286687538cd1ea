#include "engine/pipeline/late_rows.h"

#include <algorithm>

namespace weir {
namespace {

std::size_t whole_keys_of(const EventBatch& events, std::size_t row, const std::vector<FeatureKey>& keys) {
  const auto is_whole = [&](const FeatureKey& key) {
    if (key.from != 0 && (key.from >> events.type_of(row) & 1U) == 0) return false;
    return std::all_of(key.by.begin(), key.by.end(), [&](ColumnIndex part) { return events.columns[part].present.test(row); });
  };
  return static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), is_whole));
}

}  // namespace

void take_out_late_rows(BatchInFlight& batch, const std::vector<FeatureKey>& keys) {
  std::vector<std::uint32_t>& rows = batch.too_late;
  std::sort(rows.begin(), rows.end());
  for (auto first = rows.begin(); first != rows.end();) {
    const auto end = std::upper_bound(first, rows.end(), *first);
    if (static_cast<std::size_t>(end - first) == whole_keys_of(batch.events, *first, keys)) {
      batch.events.active.reset(*first);
      batch.late_records.push_back(batch.events.record_index[*first]);
    }
    first = end;
  }
}

}  // namespace weir
