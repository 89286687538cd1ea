#include "engine/pipeline/owned_windows.h"

#include <algorithm>

#include "engine/pipeline/time_spent.h"

namespace weir {

FeatureStore& OwnedWindows::of(const InputSettings& input, const RuleStages& stages, std::size_t route_index, ShardIndex shard) {
  const KeyRoute& route = stages.placement.routes[route_index];
  const Place place{route.keeper, route.key, route.shared, route.shared ? 0 : shard};
  Owned& owned = stores_[place];
  const std::uint64_t version = stages.version();
  if (owned.store != nullptr && owned.served == version) return *owned.store;
  adopt(stages);
  if (owned.store == nullptr) {
    const Scorer& scorer = *stages.scorer;
    owned.store =
        std::make_unique<FeatureStore>(scorer.features(), route.features, scorer.event(), scorer.derived_columns(), input.features);
    owned.numbers[version] = 0;
  } else if (!owned.numbers.contains(version)) {
    const TimeSpent switching(switching_);
    extend(place, owned, version);
  }
  owned.store->serve(owned.numbers.at(version));
  owned.served = version;
  return *owned.store;
}

void OwnedWindows::adopt(const RuleStages& stages) {
  if (!known_.emplace(stages.source, stages.version()).second) return;
  adopted_[stages.source][stages.version()].scorer = stages.scorer;
  for (const KeyRoute& route : stages.placement.routes) {
    Adopted& adopted = adopted_[route.keeper][stages.version()];
    if (adopted.scorer == nullptr) adopted.scorer = stages.scorer;
    (route.shared ? adopted.shared : adopted.spread)[route.key] = route.features;
  }
}

void OwnedWindows::leave_out(std::uint64_t version) {
  const auto knows = [version](const auto& entry) { return entry.second.numbers.contains(version); };
  if (std::any_of(stores_.begin(), stores_.end(), knows)) return;
  for (auto& [keeper, versions] : adopted_) versions.erase(version);
  std::erase_if(known_, [version](const auto& known) { return known.second == version; });
}

// Through every version between the newest that the store knows and this one, in their order.
void OwnedWindows::extend(const Place& place, Owned& owned, std::uint64_t version) {
  const std::map<std::uint64_t, Adopted>& versions = adopted_[place.source];
  const std::uint64_t newest = owned.numbers.rbegin()->first;
  std::uint64_t from = newest < version ? newest : owned.numbers.begin()->first;
  const auto last = versions.find(version);
  for (auto at = newest < version ? versions.upper_bound(newest) : last; at != std::next(last); ++at) {
    const Adopted& next = at->second;
    const Features& by_key = place.shared ? next.shared : next.spread;
    const auto held = by_key.find(place.key);
    owned.store->also_serve(owned.next_number, owned.numbers.at(from), versions.at(from).scorer->features(), next.scorer->features(),
                            held == by_key.end() ? std::vector<FeatureIndex>{} : held->second, next.scorer->event(),
                            next.scorer->derived_columns());
    owned.numbers[at->first] = owned.next_number++;
    from = at->first;
  }
}

void OwnedWindows::forget_version(std::size_t source, std::uint64_t version, std::vector<std::shared_ptr<void>>& retired) {
  std::map<std::uint64_t, Adopted>& versions = adopted_[source];
  if (!versions.contains(version) || versions.rbegin()->first <= version) return;
  // Not further than need be: a version behind the next may yet be replaced before any shard takes it over (`leave_out`).
  const std::uint64_t next = versions.upper_bound(version)->first;
  for (auto& [place, owned] : stores_) {
    if (place.source != source || owned.store == nullptr || !owned.numbers.contains(version)) continue;
    if (owned.numbers.rbegin()->first == version) extend(place, owned, next);
    if (owned.served == version) {
      const auto newer = owned.numbers.upper_bound(version);
      owned.store->serve(newer->second);
      owned.served = newer->first;
    }
    owned.store->forget(owned.numbers.at(version), retired);
    owned.numbers.erase(version);
  }
  // Perhaps the last that holds this rule set, which is large.
  retired.push_back(std::const_pointer_cast<Scorer>(versions.at(version).scorer));
  versions.erase(version);
  known_.erase({source, version});
}

void OwnedWindows::forget_shared(std::size_t source, std::vector<std::shared_ptr<void>>& retired) {
  retire([source](const Place& place) { return place.source == source && place.shared; }, retired);
}

void OwnedWindows::forget_shard(std::size_t source, ShardIndex shard, std::vector<std::shared_ptr<void>>& retired) {
  retire([&](const Place& place) { return place.source == source && !place.shared && place.shard == shard; }, retired);
}

template <typename Goes>
void OwnedWindows::retire(Goes goes, std::vector<std::shared_ptr<void>>& retired) {
  for (auto at = stores_.begin(); at != stores_.end();) {
    if (!goes(at->first)) {
      ++at;
      continue;
    }
    retired.push_back(std::shared_ptr<FeatureStore>(std::move(at->second.store)));
    at = stores_.erase(at);
  }
}

}  // namespace weir
