#include "engine/pipeline/owned_windows.h"

namespace weir {

FeatureStore& OwnedWindows::of(const InputSettings& input, const KeyRoute& route, ShardIndex shard) {
  std::unique_ptr<FeatureStore>& store = stores_[{route.keeper, route.features.front(), route.shared, route.shared ? 0 : shard}];
  if (store == nullptr) {
    const Scorer& scorer = *input.scorer;
    store = std::make_unique<FeatureStore>(scorer.features(), route.features, scorer.event(), scorer.derived_columns(), input.features);
  }
  return *store;
}

void OwnedWindows::forget_shared(std::size_t source) {
  std::erase_if(stores_, [source](const auto& entry) { return entry.first.source == source && entry.first.shared; });
}

void OwnedWindows::forget_shard(std::size_t source, ShardIndex shard) {
  std::erase_if(stores_,
                [&](const auto& entry) { return entry.first.source == source && !entry.first.shared && entry.first.shard == shard; });
}

}  // namespace weir
