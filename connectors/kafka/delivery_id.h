// A delivery's name on its way through librdkafka, small enough to be the message's opaque pointer.
#pragma once

#include <cstdint>

#include "engine/event/record.h"

namespace weir {

// Lane (16 bits), slot of the flight in its lane (16 bits), output in its batch (32 bits).
using DeliveryId = std::uint64_t;
static_assert(sizeof(void*) == sizeof(DeliveryId));

constexpr DeliveryId delivery_id(LaneIndex lane, std::uint32_t slot, std::uint32_t output) {
  return (DeliveryId{lane} << 48) | (DeliveryId{slot} << 32) | output;
}
constexpr LaneIndex lane_of(DeliveryId id) {
  return static_cast<LaneIndex>(id >> 48);
}
constexpr std::uint32_t slot_of(DeliveryId id) {
  return static_cast<std::uint32_t>((id >> 32) & 0xffff);
}
constexpr std::uint32_t output_of(DeliveryId id) {
  return static_cast<std::uint32_t>(id);
}
constexpr DeliveryId flight_of(DeliveryId id) {
  return id >> 32;
}  // the same for all outputs of one flight

inline void* to_opaque(DeliveryId id) {
  return reinterpret_cast<void*>(id);
}
inline DeliveryId from_opaque(const void* opaque) {
  return reinterpret_cast<DeliveryId>(opaque);
}

}  // namespace weir
