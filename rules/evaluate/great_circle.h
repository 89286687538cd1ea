// Distance on the globe by the haversine formula, on a sphere with the earth's mean radius. Own trigonometry, so that every machine and
// C library gives the same bits.
#pragma once

#include "engine/event/value_type.h"

namespace weir::evaluate {

constexpr double earth_radius_km = 6371.0088;

// Error below 1e-8 km.
double great_circle_km(GeoPoint from, GeoPoint to);

// A point on the globe: latitude -90 to 90, longitude -180 to 180. False for anything else.
bool is_on_globe(double latitude, double longitude);

}  // namespace weir::evaluate
