// Hours, days and distances in time. Event times only: nothing here reads a clock.
#include "rules/evaluate/calendar.h"
#include "rules/evaluate/kernels.h"
#include "rules/evaluate/zone_offsets.h"

namespace weir::evaluate {

namespace {

using CalendarPart = std::int64_t (*)(std::int64_t);

template <CalendarPart part>
void calendar(const Operation& operation, const Frame& frame) {
  const auto* zone = static_cast<const ZoneOffsets*>(operation.attachment);
  const std::int64_t* a = frame.values<std::int64_t>(operation.a);
  std::int64_t* result = frame.results<std::int64_t>(operation.result);
  for_each_row(operation.live(frame), [&](std::size_t row) { result[row] = part(zone == nullptr ? a[row] : zone->local_ms(a[row])); });
}

void time_between(const Operation& operation, const Frame& frame) {
  const std::int64_t* a = frame.values<std::int64_t>(operation.a);
  const std::int64_t* b = frame.values<std::int64_t>(operation.b);
  double* result = frame.results<double>(operation.result);
  const auto unit_ms = static_cast<double>(operation.parameter);
  for (std::size_t row = 0; row < frame.rows; ++row) result[row] = static_cast<double>(milliseconds_apart(a[row], b[row])) / unit_ms;
}

}  // namespace

Kernel find_time_kernel(const KernelRequest& request) {
  switch (request.op) {
    case Operator::time_between:
      return time_between;
    case Operator::hour_of_day:
      return calendar<hour_of_day>;
    case Operator::day_of_week:
      return calendar<day_of_week>;
    case Operator::day_of_month:
      return calendar<day_of_month>;
    default:
      return nullptr;
  }
}

}  // namespace weir::evaluate
