// Ranks 1 to n with probability proportional to rank^-s: how often cards, devices and merchants occur in real traffic.
#pragma once

#include <cstdint>

#include "engine/base/random.h"

namespace weir {

// Rejection-inversion (Hörmann and Derflinger 1996): constant memory, about 1.1 draws a sample whatever n is.
class ZipfDistribution {
 public:
  // n >= 1, s > 0.
  ZipfDistribution(std::uint64_t n, double s);

  // A rank from 1 (the most frequent) to n.
  std::uint64_t operator()(Random& random) const;

 private:
  double integral(double x) const;          // of x^-s
  double integral_inverse(double x) const;  // its inverse
  double density(double x) const;

  double n_;
  double s_;
  double integral_first_;
  double integral_last_;
  double accept_;
};

}  // namespace weir
