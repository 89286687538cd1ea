#include "engine/pipeline/feature_placement.h"

#include <algorithm>

namespace weir {

bool FeaturePlacement::has_shared() const {
  return std::any_of(routes.begin(), routes.end(), [](const KeyRoute& route) { return route.shared; });
}

bool FeaturePlacement::has_spread() const {
  return std::any_of(routes.begin(), routes.end(), [](const KeyRoute& route) { return !route.shared; });
}

FeaturePlacement place_features(std::span<const FeatureSpec> features, LaneIndex lanes, std::uint32_t lanes_per_shard, std::size_t source,
                                const SourceLinks& links) {
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
    const std::size_t keeper = shared ? links.keeper_of(index, source) : source;
    const auto same = [&](const KeyRoute& known) { return known.by == feature.by && known.keeper == keeper; };
    auto route = std::find_if(placement.routes.begin(), placement.routes.end(), same);
    if (route == placement.routes.end()) {
      placement.routes.push_back({feature.by, {}, shared, shared ? lanes : lanes_of_shard, keeper});
      route = placement.routes.end() - 1;
    }
    route->features.push_back(index);
  }
  return placement;
}

std::vector<FeatureKey> keys_of(std::span<const FeatureSpec> features, const FeaturePlacement& placement) {
  std::vector<FeatureKey> keys;
  const auto note = [&](const FeatureSpec& feature) {
    const FeatureKey key{feature.by, feature.from};
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  for (const FeatureIndex index : placement.with_shard) note(features[index]);
  for (const KeyRoute& route : placement.routes)
    for (const FeatureIndex index : route.features) note(features[index]);
  return keys;
}

}  // namespace weir
