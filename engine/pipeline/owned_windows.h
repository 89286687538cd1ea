// The windows that a lane keeps for the keys it owns, whichever lane their events come from.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/features/feature_store.h"
#include "engine/pipeline/input_settings.h"
#include "engine/pipeline/rule_stages.h"

namespace weir {

// One a lane, its thread only. Stores are made when the first event comes and go when the shards that feed them do.
class OwnedWindows {
 public:
  // The windows of one route, serving the rule set of `stages`. `shard` says whose, where shards do not share them.
  FeatureStore& of(const InputSettings& input, const RuleStages& stages, std::size_t route, ShardIndex shard);

  // A version of the source's rule set that follows on those before it, whether or not it comes to have events here: what it lacks, a later
  // version begins anew.
  void adopt(const RuleStages& stages);
  // A version that was adopted and replaced before any shard took it over: it is in no history, so a replay will not come by it either.
  void leave_out(std::uint64_t version);
  // No batch of this version is or will be anywhere. What only it needed is added to `retired`.
  void forget_version(std::size_t source, std::uint64_t version, std::vector<std::shared_ptr<void>>& retired);

  // Time that `of` has spent on versions that came into force, since the last call.
  std::chrono::nanoseconds take_switching_time() { return std::exchange(switching_, std::chrono::nanoseconds{0}); }

  // The windows are empty from now on; what was in them is added to `retired`.
  void forget_shared(std::size_t source, std::vector<std::shared_ptr<void>>& retired);
  void forget_shard(std::size_t source, ShardIndex shard, std::vector<std::shared_ptr<void>>& retired);

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [place, owned] : stores_) visit(*owned.store);
  }

 private:
  struct Place {
    std::size_t source = 0;  // the keeper
    std::string key;         // the names of its fields
    bool shared = true;
    ShardIndex shard = 0;  // 0 where shared
    auto operator<=>(const Place&) const = default;
  };
  using Features = std::map<std::string, std::vector<FeatureIndex>>;  // by the key's fields
  struct Adopted {
    std::shared_ptr<const Scorer> scorer;
    Features shared;  // of all shards
    Features spread;  // of one shard each
  };
  struct Owned {
    std::unique_ptr<FeatureStore> store;
    std::map<std::uint64_t, std::uint64_t> numbers;  // of each version that it knows: the store's own number for it
    std::uint64_t next_number = 1;
    std::uint64_t served = 0;  // the version that the next `apply` is for
  };

  void extend(const Place& place, Owned& owned, std::uint64_t version);
  template <typename Goes>
  void retire(Goes goes, std::vector<std::shared_ptr<void>>& retired);

  std::map<Place, Owned> stores_;
  std::chrono::nanoseconds switching_{0};
  std::map<std::size_t, std::map<std::uint64_t, Adopted>> adopted_;  // by keeper and version
  std::set<std::pair<std::size_t, std::uint64_t>> known_;            // sources and versions that are in it
};

}  // namespace weir
