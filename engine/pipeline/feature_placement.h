// Where the features of a source live: with the shard whose events they are about, or with the lanes that own their keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/event/feature_spec.h"
#include "engine/event/record.h"
#include "engine/features/feature_plan.h"
#include "engine/pipeline/source_links.h"

namespace weir {

// All features of one key that lanes exchange.
struct KeyRoute {
  std::vector<ColumnIndex> by;
  std::vector<FeatureIndex> features;
  bool shared = true;      // all shards feed the same windows; otherwise every shard has its own
  LaneIndex lanes = 1;     // that share the keys: all of them, or the shard's home lane and those behind it
  std::size_t keeper = 0;  // the source whose events its windows are made of, shards of other sources only ask; or joint_keeper
  std::string key{};       // the names of the fields of `by`: the same windows in every version of the rule set
};

struct FeaturePlacement {
  std::vector<FeatureIndex> with_shard;
  std::vector<KeyRoute> routes;

  bool has_shared() const;
  bool has_spread() const;  // a shard's own windows on several lanes
};

// A key that does not include the shard's belongs to the lane that owns its hash; so does, with `lanes_per_shard` above 1, the shard's key.
FeaturePlacement place_features(std::span<const FeatureSpec> features, LaneIndex lanes, std::uint32_t lanes_per_shard,
                                std::size_t source = 0, const SourceLinks& links = {});

// Whose windows an event is added to.
struct FeatureKey {
  std::vector<ColumnIndex> by;
  EventTypeSet from = 0;
  bool operator==(const FeatureKey&) const = default;
};

// The different keys of the features placed.
std::vector<FeatureKey> keys_of(std::span<const FeatureSpec> features, const FeaturePlacement& placement);

// The lane that owns a key. The upper half of the hash: the lower one chooses the key's place in a store.
inline LaneIndex owner_of(std::uint64_t hash, const KeyRoute& route, LaneIndex home, LaneIndex lanes) {
  const auto share = static_cast<LaneIndex>(((hash >> 32) * route.lanes) >> 32);
  return route.shared ? share : (home + share) % lanes;
}

}  // namespace weir
