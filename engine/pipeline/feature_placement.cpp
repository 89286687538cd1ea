#include "engine/pipeline/feature_placement.h"

#include <algorithm>

namespace weir {

bool FeaturePlacement::has_shared() const {
  return std::any_of(routes.begin(), routes.end(), [](const KeyRoute& route) { return route.shared; });
}

bool FeaturePlacement::has_spread() const {
  return std::any_of(routes.begin(), routes.end(), [](const KeyRoute& route) { return !route.shared; });
}

FeaturePlacement place_features(std::span<const FeatureSpec> features, LaneIndex lanes, std::uint32_t lanes_per_shard) {
  FeaturePlacement placement;
  const LaneIndex lanes_of_shard = std::min<LaneIndex>(lanes, lanes_per_shard);
  for (FeatureIndex index = 0; index < features.size(); ++index) {
    const FeatureSpec& feature = features[index];
    if (feature.is_feedback()) continue;  // depends on what the shard's events decide, so it stays where they are judged
    const bool shared = !feature.by_includes_shard_key;
    if (!shared && lanes_of_shard <= 1) {
      placement.with_shard.push_back(index);
      continue;
    }
    auto route =
        std::find_if(placement.routes.begin(), placement.routes.end(), [&](const KeyRoute& known) { return known.by == feature.by; });
    if (route == placement.routes.end()) {
      placement.routes.push_back({feature.by, {}, shared, shared ? lanes : lanes_of_shard});
      route = placement.routes.end() - 1;
    }
    route->features.push_back(index);
  }
  return placement;
}

std::vector<std::vector<ColumnIndex>> keys_of(std::span<const FeatureSpec> features, const FeaturePlacement& placement) {
  std::vector<std::vector<ColumnIndex>> keys;
  const auto note = [&](const std::vector<ColumnIndex>& by) {
    if (std::find(keys.begin(), keys.end(), by) == keys.end()) keys.push_back(by);
  };
  for (const FeatureIndex index : placement.with_shard) note(features[index].by);
  for (const KeyRoute& route : placement.routes) note(route.by);
  return keys;
}

}  // namespace weir
