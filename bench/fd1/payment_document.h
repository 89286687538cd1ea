// One FD-1 payment as JSON text, well-formed in one of several field orders, or malformed in one of ten ways.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/random.h"

namespace weir::fd1 {

struct Payment {
  std::uint64_t id = 0;
  std::int64_t created_at_ms = 0;
  std::uint64_t card = 0;
  std::uint64_t device = 0;
  std::uint64_t merchant = 0;
  double amount = 0;
};

constexpr std::size_t malformation_count = 10;

std::string card_id(std::uint64_t card);

// What FD-1 leaves open (currency, country, browser and the like) is drawn from `random`. `out` is overwritten.
void write_payment(const Payment& payment, Random& random, std::string& out);

// The same, with fault `malformation` (0 to 9) worked in. Each makes the record unreadable to a consumer that needs
// id, created_at, card_id, device_id, merchant_id and amount with at most four digits after the point.
void write_malformed_payment(const Payment& payment, std::size_t malformation, Random& random, std::string& out);

}  // namespace weir::fd1
