#include "rules/evaluate/canary_share.h"

#include <array>
#include <charconv>
#include <xxhash.h>

#include "engine/base/int128.h"
#include "engine/event/rule_mode.h"
#include "rules/evaluate/kernels.h"

namespace weir::evaluate {

bool CanaryShare::chooses(std::string_view key) const {
  return everyone || XXH3_64bits_withSeed(key.data(), key.size(), seed) < hash_end;
}

bool CanaryShare::chooses(std::int64_t key) const {
  std::array<char, 24> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), key).ptr;
  return chooses(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

bool CanaryShare::chooses(const IpAddress& key) const {
  thread_local ByteBuffer text;
  text.clear();
  append_ip(text, key);
  return chooses(text.view());
}

CanaryShare make_canary_share(std::string_view rule_name, std::int64_t share) {
  CanaryShare made;
  made.seed = XXH3_64bits(rule_name.data(), rule_name.size());
  made.everyone = share >= canary_share_all;
  if (!made.everyone)
    made.hash_end = static_cast<std::uint64_t>((static_cast<UInt128>(share) << 64) / static_cast<UInt128>(canary_share_all));
  return made;
}

namespace {

template <typename Key>
void in_share(const Operation& operation, const Frame& frame) {
  const auto& share = *static_cast<const CanaryShare*>(operation.attachment);
  const Key* keys = frame.values<Key>(operation.a);
  std::uint64_t chosen = 0;
  for_each_row(operation.live(frame), [&](std::size_t row) { chosen |= static_cast<std::uint64_t>(share.chooses(keys[row])) << row; });
  frame.masks[operation.result] = chosen;
}

}  // namespace

Kernel find_share_kernel(const KernelRequest& request) {
  if (request.operand == ValueType::ip) return in_share<IpAddress>;
  return request.operand == ValueType::string ? in_share<std::string_view> : in_share<std::int64_t>;
}

}  // namespace weir::evaluate
