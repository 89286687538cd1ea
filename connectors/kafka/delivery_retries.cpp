#include "connectors/kafka/delivery_retries.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {
constexpr std::uint32_t doublings_max = 20;
}  // namespace

DeliveryRetries::Time DeliveryRetries::due(DeliveryId id, Time now) {
  const std::uint32_t attempt = attempts_[id]++;
  const auto doubled = limits_.first * (std::int64_t{1} << std::min(attempt, doublings_max));
  const double wait = static_cast<double>(std::min(doubled, limits_.most).count()) * (1.0 - random_.uniform() / 4);
  return now + std::chrono::milliseconds{static_cast<std::int64_t>(wait)};
}

void DeliveryRetries::failed(DeliveryId id, std::uint64_t order, DeliveryFailure failure, Time now) {
  if (rejected_on_the_way_ == id) rejected_on_the_way_.reset();
  (failure == DeliveryFailure::rejection ? rejected_ : outage_).push_back({id, order, due(id, now)});
}

void DeliveryRetries::forget(DeliveryId id) {
  if (rejected_on_the_way_ == id) rejected_on_the_way_.reset();
  attempts_.erase(id);
}

std::vector<DeliveryId> DeliveryRetries::take_outage(Time now) {
  const auto waits = [now](const Waiting& one) { return one.due > now; };
  if (outage_.empty() || std::any_of(outage_.begin(), outage_.end(), waits)) return {};
  std::sort(outage_.begin(), outage_.end(), [](const Waiting& a, const Waiting& b) { return a.order < b.order; });
  std::vector<DeliveryId> ids;
  for (const Waiting& one : std::exchange(outage_, {})) ids.push_back(one.id);
  attempts_total_ += ids.size();
  return ids;
}

std::optional<DeliveryId> DeliveryRetries::take_rejected(Time now) {
  if (rejected_on_the_way_ || rejected_.empty()) return {};
  const auto next = std::min_element(rejected_.begin(), rejected_.end(), [](const Waiting& a, const Waiting& b) {
    return std::pair(a.due, a.order) < std::pair(b.due, b.order);
  });
  if (next->due > now) return {};
  rejected_on_the_way_ = next->id;
  rejected_.erase(next);
  ++attempts_total_;
  return rejected_on_the_way_;
}

}  // namespace weir
