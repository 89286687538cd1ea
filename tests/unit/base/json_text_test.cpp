#include "engine/base/json_text.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string escaped(std::string_view text) {
  ByteBuffer buffer;
  append_json_escaped(buffer, text);
  return std::string(buffer.view());
}

// One character at a time, by the standard.
std::string escaped_slowly(std::string_view text) {
  std::string out;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const std::string plain = "\"\\\n\r\t\b\f";
    const std::string names = "\"\\nrtbf";
    if (const std::size_t at = plain.find(character); at != std::string::npos)
      out += std::string("\\") + names[at];
    else if (byte < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", byte);
      out += code;
    } else
      out += character;
  }
  return out;
}

TEST(JsonText, EscapesEveryByteAtEveryPlaceOfAWord) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(byte);
      ASSERT_EQ(escaped(text), escaped_slowly(text)) << "byte " << byte << " at " << place;
    }
  }
}

TEST(JsonText, LeavesUtf8AsItIs) {
  EXPECT_EQ(escaped("Zürich — 東京 🂡"), "Zürich — 東京 🂡");
}

TEST(JsonText, WritesDoublesSoThatTheyReadBackTheSame) {
  for (const double value : {0.1, 1e300, -2.5e-7, 3.0, 123456789.123456789}) {
    ByteBuffer buffer;
    append_double(buffer, value);
    EXPECT_EQ(std::stod(std::string(buffer.view())), value);
  }
}

TEST(JsonText, WritesHexWithLeadingZeros) {
  ByteBuffer buffer;
  append_hex(buffer, 0xabc);
  append_hex(buffer, 0x0123456789abcdef);
  append_hex(buffer, ~std::uint64_t{0});
  EXPECT_EQ(buffer.view(), "0000000000000abc0123456789abcdefffffffffffffffff");
}

}  // namespace
}  // namespace weir
