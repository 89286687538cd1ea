#include "connectors/generator/generator_settings.h"

#include <limits>

#include "engine/settings/field_reader.h"

namespace weir {

void describe(FieldReader& fields, GeneratorSettings& to) {
  constexpr auto unlimited = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  fields.number("rate", to.rate, {0, 10'000'000}, "payments per second; 0: as fast as they are taken");
  fields.number("count", to.count, {1, unlimited}, "the service ends after so many payments; without it, never");
  fields.number("seed", to.seed, {0, unlimited}, "the same seed gives the same payments");
  fields.flag("start_now", to.start_now,
              "the first payment's time is that of the first start; otherwise 2026-01-01T00:00:00Z, the same for every run");
  fields.number("shards", to.shards, {1, 1024}, "shards to spread the cards over");
  fields.number("cards", to.cards, {1, 100'000'000}, "different cards");
  fields.number("devices", to.devices, {1, 100'000'000}, "different devices");
  fields.number("merchants", to.merchants, {1, 10'000'000}, "different merchants");
  fields.share("fraud_share", to.fraud_share, "share of the payments that belong to planted fraud");
  fields.share("malformed_share", to.malformed_share, "share of the records that cannot be parsed");
}

}  // namespace weir
