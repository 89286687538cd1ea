#include "rules/evaluate/great_circle.h"

#include <cmath>

namespace weir::evaluate {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr double radians_per_degree = pi / 180;

// Taylor series around 0, for angles within a quarter of pi: the first term left out is below 1e-17.
double sine_near_zero(double x) {
  const double s = x * x;
  double sum = 1.0 / 355687428096000.0;   // 1 / 17!
  sum = sum * s - 1.0 / 1307674368000.0;  // 15!
  sum = sum * s + 1.0 / 6227020800.0;     // 13!
  sum = sum * s - 1.0 / 39916800.0;       // 11!
  sum = sum * s + 1.0 / 362880.0;         // 9!
  sum = sum * s - 1.0 / 5040.0;           // 7!
  sum = sum * s + 1.0 / 120.0;            // 5!
  sum = sum * s - 1.0 / 6.0;              // 3!
  return x + x * s * sum;
}
double cosine_near_zero(double x) {
  const double s = x * x;
  double sum = 1.0 / 20922789888000.0;  // 1 / 16!
  sum = sum * s - 1.0 / 87178291200.0;  // 14!
  sum = sum * s + 1.0 / 479001600.0;    // 12!
  sum = sum * s - 1.0 / 3628800.0;      // 10!
  sum = sum * s + 1.0 / 40320.0;        // 8!
  sum = sum * s - 1.0 / 720.0;          // 6!
  sum = sum * s + 1.0 / 24.0;           // 4!
  sum = sum * s - 0.5;
  return 1 + s * sum;
}

// For 0 <= x <= pi / 2.
double sine(double x) {
  return x <= pi / 4 ? sine_near_zero(x) : cosine_near_zero(pi / 2 - x);
}
double cosine(double x) {
  return x <= pi / 4 ? cosine_near_zero(x) : sine_near_zero(pi / 2 - x);
}

// For 0 <= x <= sine(pi / 4): three terms of the series, then three steps of Newton's method, each of which doubles the digits.
double arc_sine_small(double x) {
  const double s = x * x;
  double angle = x * (1 + s * (1.0 / 6.0 + s * (3.0 / 40.0)));
  for (int step = 0; step < 3; ++step) angle += (x - sine(angle)) / cosine(angle);
  return angle;
}

}  // namespace

bool is_on_globe(double latitude, double longitude) {
  return latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180;
}

double great_circle_km(GeoPoint from, GeoPoint to) {
  double longitude_apart = std::abs(from.longitude - to.longitude);
  if (longitude_apart > 180) longitude_apart = 360 - longitude_apart;
  const double half_longitude = longitude_apart * (radians_per_degree / 2);
  const double half_latitude = std::abs(from.latitude - to.latitude) * (radians_per_degree / 2);
  const double sine_longitude = sine(half_longitude);
  const double sine_latitude = sine(half_latitude);
  const double latitudes = cosine(std::abs(from.latitude) * radians_per_degree) * cosine(std::abs(to.latitude) * radians_per_degree);
  const double haversine = sine_latitude * sine_latitude + latitudes * sine_longitude * sine_longitude;
  if (haversine <= 0.5) return 2 * earth_radius_km * arc_sine_small(std::sqrt(haversine));
  // On the far half of the globe the distance to the antipode is the better measured one. This is 1 - haversine without the subtraction.
  const double cosines = cosine(half_latitude) * cosine(half_longitude);
  const double sines = sine(std::abs(from.latitude + to.latitude) * (radians_per_degree / 2)) * sine_longitude;
  return 2 * earth_radius_km * (pi / 2 - arc_sine_small(std::sqrt(cosines * cosines + sines * sines)));
}

}  // namespace weir::evaluate
