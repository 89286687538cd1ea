// The windows that a lane keeps for the keys it owns, whichever lane their events come from.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "engine/features/feature_store.h"
#include "engine/pipeline/feature_placement.h"
#include "engine/pipeline/input_settings.h"

namespace weir {

// One a lane, its thread only. Stores are made when the first event comes and go when the shards that feed them do.
class OwnedWindows {
 public:
  // The windows of one route. `shard` says whose, where shards do not share them.
  FeatureStore& of(const InputSettings& input, const KeyRoute& route, ShardIndex shard);

  void forget_shared(std::size_t source);
  void forget_shard(std::size_t source, ShardIndex shard);

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [place, store] : stores_) visit(*store);
  }

 private:
  struct Place {
    std::size_t source = 0;  // the keeper
    FeatureIndex route = 0;  // its first feature: the same for all sources that ask
    bool shared = true;
    ShardIndex shard = 0;  // 0 where shared
    auto operator<=>(const Place&) const = default;
  };
  std::map<Place, std::unique_ptr<FeatureStore>> stores_;
};

}  // namespace weir
