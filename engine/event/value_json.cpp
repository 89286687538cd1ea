#include "engine/event/value_json.h"

#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"

namespace weir {

void append_json_time(ByteBuffer& out, std::int64_t ms) {
  if (!is_writable_time(ms)) return append_integer(out, ms);
  out.append('"');
  append_timestamp(out, ms);
  out.append('"');
}

void append_json_point(ByteBuffer& out, const GeoPoint& point) {
  out.append("{\"lat\":");
  append_double(out, point.latitude);
  out.append(",\"lon\":");
  append_double(out, point.longitude);
  out.append('}');
}

void append_json_ip(ByteBuffer& out, const IpAddress& address) {
  out.append('"');
  append_ip(out, address);
  out.append('"');
}

}  // namespace weir
