// Points and distances.
#include "rules/evaluate/great_circle.h"
#include "rules/evaluate/kernels.h"

namespace weir::evaluate {

namespace {

void distance(const Operation& operation, const Frame& frame) {
  const auto* a = frame.values<GeoPoint>(operation.a);
  const auto* b = frame.values<GeoPoint>(operation.b);
  double* result = frame.results<double>(operation.result);
  for_each_row(operation.live(frame), [&](std::size_t row) { result[row] = great_circle_km(a[row], b[row]); });
}

// Missing outside the globe.
void make_point(const Operation& operation, const Frame& frame) {
  const double* latitude = frame.values<double>(operation.a);
  const double* longitude = frame.values<double>(operation.b);
  auto* result = frame.results<GeoPoint>(operation.result);
  std::uint64_t present = 0;
  for_each_row(operation.live(frame), [&](std::size_t row) {
    if (!is_on_globe(latitude[row], longitude[row])) return;
    result[row] = {latitude[row], longitude[row]};
    present |= std::uint64_t{1} << row;
  });
  frame.masks[operation.present] = present;
}

}  // namespace

Kernel find_place_kernel(const KernelRequest& request) {
  if (request.op == Operator::distance) return distance;
  if (request.op == Operator::make_point) return make_point;
  return nullptr;
}

}  // namespace weir::evaluate
