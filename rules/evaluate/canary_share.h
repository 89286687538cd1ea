// Which keys a canary chooses: a hash of the key's bytes and the rule's name, so a key is on the same side today, tomorrow and elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/ip_address.h"

namespace weir::evaluate {

struct CanaryShare {
  std::uint64_t seed = 0;      // from the rule's name: two canaries choose independently
  std::uint64_t hash_end = 0;  // keys whose hash lies below are chosen
  bool everyone = false;

  bool chooses(std::string_view key) const;
  // As the text of the number: a key has the same side whether it is declared string or int.
  bool chooses(std::int64_t key) const;
  // As the text that decisions show (RFC 5952).
  bool chooses(const IpAddress& key) const;
};

// `share` of canary_share_all.
CanaryShare make_canary_share(std::string_view rule_name, std::int64_t share);

}  // namespace weir::evaluate
