// IP addresses: comparisons, sets, networks.
#include <string_view>

#include "engine/base/ip_address.h"
#include "rules/evaluate/kernels.h"
#include "rules/language/functions.h"
#include "rules/language/ip_set.h"

namespace weir::evaluate {

namespace {

template <bool wanted, bool constant_right>
void compare(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<IpAddress>(operation.a);
  const auto* b = frame.values<IpAddress>(operation.b);
  std::uint64_t word = 0;
  for_each_row(operation.live(frame),
               [&](std::size_t row) { word |= static_cast<std::uint64_t>((a[row] == b[constant_right ? 0 : row]) == wanted) << row; });
  frame.masks[operation.result] = word;
}

template <bool wanted>
Kernel compare_kernel(const KernelRequest& request) {
  return request.constant_right ? compare<wanted, true> : compare<wanted, false>;
}

void address_is_in(const Operation& operation, const Frame& frame) {
  const auto& set = *static_cast<const IpSet*>(operation.attachment);
  frame.masks[operation.result] = set.contains_each(frame.values<IpAddress>(operation.a), operation.live(frame));
}

void private_addresses(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<IpAddress>(operation.a);
  std::uint64_t word = 0;
  for_each_row(operation.live(frame), [&](std::size_t row) { word |= static_cast<std::uint64_t>(is_private(a[row])) << row; });
  frame.masks[operation.result] = word;
}

void read_address(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<std::string_view>(operation.a);
  auto* result = frame.results<IpAddress>(operation.result);
  std::uint64_t present = 0;
  for_each_row(operation.live(frame),
               [&](std::size_t row) { present |= static_cast<std::uint64_t>(parse_ip(a[row], result[row])) << row; });
  frame.masks[operation.present] = present;
}

void network_of(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<IpAddress>(operation.a);
  auto* result = frame.results<IpAddress>(operation.result);
  const int ipv4 = static_cast<int>(operation.parameter / network_bits_step);
  const int ipv6 = static_cast<int>(operation.parameter % network_bits_step);
  for_each_row(operation.live(frame), [&](std::size_t row) { result[row] = first_of_network(a[row], a[row].is_ipv4() ? ipv4 : ipv6); });
}

}  // namespace

Kernel find_address_kernel(const KernelRequest& request) {
  switch (request.op) {
    case Operator::equal:
      return compare_kernel<true>(request);
    case Operator::not_equal:
      return compare_kernel<false>(request);
    case Operator::is_in:
      return address_is_in;
    case Operator::private_address:
      return private_addresses;
    case Operator::read_address:
      return read_address;
    case Operator::network:
      return network_of;
    default:
      return nullptr;
  }
}

}  // namespace weir::evaluate
