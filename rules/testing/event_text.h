// The events of a test as the JSON documents that a source would deliver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/byte_buffer.h"
#include "engine/event/event_schema.h"
#include "rules/language/checked_tests.h"

namespace weir {

// The fields of an event type, and the one that is its time.
std::vector<std::size_t> fields_of(const EventSchema& schema, std::size_t type);
std::size_t time_field_of(const EventSchema& schema, std::size_t type);

// The time that the event gives itself, if it does.
std::optional<std::int64_t> own_time_ms(const EventSchema& schema, const TestEvents& events);

// Appends one of `events`, which is number `number` of its test, at `time_ms`. What the test leaves out: a time from `time_ms`, an id of
// its own, the field's name for text, zero or false for the rest, and nothing where the field may be missing.
void append_event(ByteBuffer& out, const EventSchema& schema, const TestEvents& events, std::int64_t number, std::int64_t time_ms);

}  // namespace weir
