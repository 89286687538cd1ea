#include "engine/settings/text_check.h"

#include "engine/base/utf8.h"

namespace weir {
std::optional<TextFlaw> find_text_flaw(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) return TextFlaw{at, "a control character"};
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return TextFlaw{at, "a byte that is not UTF-8"};
    at += length;
  }
  return std::nullopt;
}

}  // namespace weir
