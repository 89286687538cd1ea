// What all requests have in common, and the question which of them a broker takes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::wire {

// Replaces `frame` by a request's header. Ended by `end_request`, with the bytes of pieces that are sent in between and stand elsewhere.
void begin_request(std::string& frame, std::int16_t api, std::int16_t version, std::int32_t correlation);
void end_request(std::string& frame, std::size_t bytes_elsewhere = 0);

void write_api_versions(std::string& frame, std::int32_t correlation);
// Whether the broker takes `version` of `api`.
bool read_api_versions(std::string_view answer, std::int16_t api, std::int16_t version);

}  // namespace weir::wire
