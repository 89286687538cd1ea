// Values of types that JSON does not have, as decisions and profile updates write them.
#pragma once

#include <cstdint>

#include "engine/base/byte_buffer.h"
#include "engine/base/ip_address.h"
#include "engine/event/value_type.h"

namespace weir {

// A point in time as RFC 3339 text; as a number of milliseconds where its year has not four digits, as what rules compute may have.
void append_json_time(ByteBuffer& out, std::int64_t ms);
void append_json_point(ByteBuffer& out, const GeoPoint& point);
void append_json_ip(ByteBuffer& out, const IpAddress& address);

}  // namespace weir
