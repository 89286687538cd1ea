// Characters beyond ASCII that get into rules where they mean nothing: from word processors, web pages and keyboards of all countries.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

// The bytes at the front of `text` that are one such character, or 0.
// A blank, as stands between words that no line may break.
std::size_t blank_bytes(std::string_view text);
// What may be a letter of some script: neither sign nor punctuation nor invisible.
std::size_t letter_bytes(std::string_view text);
// “ ” „ ‘ ’ ‚ « »
std::size_t curly_quote_bytes(std::string_view text);

bool is_visible(std::string_view character);

// For people: one character, with its code point where it is not ASCII's or cannot be seen.
std::string character_text(std::string_view character);

// How much of the text is UTF-8: all of it, or up to the first byte that is not.
std::size_t valid_utf8_bytes(std::string_view text);

}  // namespace weir
