#include "engine/base/zipf_distribution.h"

#include <algorithm>
#include <cmath>

namespace weir {
namespace {

// (exp(x) - 1) / x and log(1 + x) / x, continued through 0.
double expm1_over(double x) {
  return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2;
}
double log1p_over(double x) {
  return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2;
}

}  // namespace

ZipfDistribution::ZipfDistribution(std::uint64_t n, double s) : n_(static_cast<double>(n)), s_(s) {
  integral_first_ = integral(1.5) - 1;
  integral_last_ = integral(n_ + 0.5);
  accept_ = 2 - integral_inverse(integral(2.5) - density(2));
}

std::uint64_t ZipfDistribution::operator()(Random& random) const {
  while (true) {
    const double u = integral_last_ + random.uniform() * (integral_first_ - integral_last_);
    const double x = integral_inverse(u);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, n_);
    if (rank - x <= accept_ || u >= integral(rank + 0.5) - density(rank)) return static_cast<std::uint64_t>(rank);
  }
}

double ZipfDistribution::integral(double x) const {
  const double log_x = std::log(x);
  return expm1_over((1 - s_) * log_x) * log_x;
}

double ZipfDistribution::integral_inverse(double x) const {
  const double t = std::max(x * (1 - s_), -1.0);
  return std::exp(log1p_over(t) * x);
}

double ZipfDistribution::density(double x) const {
  return std::exp(-s_ * std::log(x));
}

}  // namespace weir
