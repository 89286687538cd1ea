// What a config file may say about generated payments, as a plain struct. Declared field by field in generator_settings.cpp.
#pragma once

#include <cstdint>
#include <optional>

namespace weir {

class FieldReader;

struct GeneratorSettings {
  std::uint64_t rate = 1000;           // payments per second; 0: as fast as they are taken
  std::optional<std::uint64_t> count;  // ends the source after so many; none: never ends
  std::uint64_t seed = 1;              // the same seed gives the same payments
  bool start_now = false;              // event time begins at the first start of the service instead of at 2026-01-01T00:00:00Z
  std::uint32_t shards = 4;
  std::uint32_t cards = 10'000;
  std::uint32_t devices = 8'000;
  std::uint32_t merchants = 500;
  double fraud_share = 0.01;       // share of payments that belong to planted fraud
  double malformed_share = 0.001;  // share of records that cannot be parsed
};

void describe(FieldReader& fields, GeneratorSettings& to);

}  // namespace weir
