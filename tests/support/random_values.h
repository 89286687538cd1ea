// Values drawn at random, those at the edges of their types more often than chance has it, and the fields of random events.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "engine/base/random.h"
#include "engine/event/batch.h"

namespace weir::test {

constexpr int scale = 4;
constexpr std::int64_t integer_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();

constexpr std::array<const char*, 10> texts = {
    "", "a", "EUR", "eur", "  padded\t", "Zürich", "a longer string that no buffer keeps", "日本", "10.1.2.3", "2001:db8::1"};

inline std::int64_t random_integer(Random& random) {
  switch (random.below(8)) {
    case 0:
      return integer_max - random.between(0, 2);
    case 1:
      return integer_min + random.between(0, 2);
    case 2:
      return random.between(-4'000'000'000, 4'000'000'000);
    default:
      return random.between(-5, 5);
  }
}

inline double random_double(Random& random) {
  constexpr std::array<double, 8> edges = {0.0, -0.0, 1e308, -1e308, 5e-324, 90, 180, 0.5};
  if (random.chance(0.4)) return edges[random.below(edges.size())];
  return static_cast<double>(random.between(-400, 400)) / 4;
}

inline std::int64_t random_time(Random& random) {
  return random.chance(0.2) ? random.between(-62'000'000'000'000, 250'000'000'000'000)
                            : 1'767'225'600'000 + random.between(-4, 4) * 450'000;
}

struct ColumnShape {
  const char* name;
  ValueType type;
  int scale;
  bool optional;
};
constexpr std::array<ColumnShape, 14> shapes = {{{"at", ValueType::timestamp, 0, false},
                                                 {"key", ValueType::string, 0, false},
                                                 {"number", ValueType::integer, 0, false},
                                                 {"number_maybe", ValueType::integer, 0, true},
                                                 {"amount", ValueType::decimal, scale, false},
                                                 {"amount_maybe", ValueType::decimal, scale, true},
                                                 {"cents", ValueType::decimal, 2, true},
                                                 {"ratio", ValueType::floating, 0, true},
                                                 {"text", ValueType::string, 0, true},
                                                 {"flag", ValueType::boolean, 0, false},
                                                 {"flag_maybe", ValueType::boolean, 0, true},
                                                 {"seen", ValueType::timestamp, 0, true},
                                                 {"place", ValueType::geo, 0, true},
                                                 {"address", ValueType::ip, 0, true}}};

}  // namespace weir::test
