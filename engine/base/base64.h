// Base64 (RFC 4648, the standard alphabet, with padding): how bytes of any kind stand in a JSON line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/byte_buffer.h"

namespace weir {

void append_base64(ByteBuffer& out, std::string_view bytes);

// None: not what `append_base64` writes (missing padding, other characters, bits set behind the last byte).
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace weir
