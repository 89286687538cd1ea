#include "engine/base/timestamp.h"

#include <string>

#include <gtest/gtest.h>

#include "engine/base/base64.h"
#include "engine/base/utf8.h"

namespace weir {
namespace {

std::string written(std::int64_t milliseconds) {
  ByteBuffer out;
  append_timestamp(out, milliseconds);
  return std::string(out.view());
}

TEST(Timestamp, ReadsRfc3339) {
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_timestamp("2026-01-01T00:00:00.123Z"), 1767225600123);
  EXPECT_EQ(parse_timestamp("2026-01-01t00:00:00.1239999999z"), 1767225600123);
  EXPECT_EQ(parse_timestamp("2026-01-01 01:30:00.5+01:30"), 1767225600500);
  EXPECT_EQ(parse_timestamp("2025-12-31T23:59:00-00:01"), 1767225600000);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59.999Z"), -1);
  EXPECT_EQ(parse_timestamp("2024-02-29T12:00:00Z"), 1709208000000);
  EXPECT_EQ(parse_timestamp("2000-02-29T00:00:00Z"), 951782400000);
  EXPECT_EQ(parse_timestamp("2016-12-31T23:59:60Z"), 1483228800000);
  EXPECT_EQ(parse_timestamp("2017-01-01T00:59:60+01:00"), 1483228800000);
  EXPECT_EQ(parse_timestamp("0000-01-01T00:00:00Z"), timestamp_ms_min);
  EXPECT_EQ(parse_timestamp("9999-12-31T23:59:59.999Z"), timestamp_ms_max);
}

TEST(Timestamp, RefusesWhatIsNotRfc3339) {
  for (const char* text : {"",
                           "2026-01-01",
                           "2026-01-01T00:00:00",
                           "2026-01-01T00:00Z",
                           "2026-1-01T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:61Z",
                           "2026-01-01T00:00:60Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00+1:00",
                           "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00+01:60",
                           "2026-01-01T00:00:00+0100",
                           "2026-01-01T00:00:00ZZ",
                           " 2026-01-01T00:00:00Z",
                           "2026-01-01_00:00:00Z",
                           "0000-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "+2026-01-01T00:00:00Z",
                           "2026/01/01T00:00:00Z"})
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
}

TEST(Timestamp, WritesWhatItReads) {
  EXPECT_EQ(written(1767225600123), "2026-01-01T00:00:00.123Z");
  EXPECT_EQ(written(1767225600000), "2026-01-01T00:00:00Z");
  EXPECT_EQ(written(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(written(timestamp_ms_min), "0000-01-01T00:00:00Z");
  EXPECT_EQ(written(timestamp_ms_max), "9999-12-31T23:59:59.999Z");
  for (std::int64_t time = timestamp_ms_min; time < timestamp_ms_max; time += 86'399'999LL * 97)
    ASSERT_EQ(parse_timestamp(written(time)), time);
}

TEST(Base64, IsTheStandardAlphabetWithPadding) {
  const auto encoded = [](std::string_view bytes) {
    ByteBuffer out;
    append_base64(out, bytes);
    return std::string(out.view());
  };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("\xff\xfe\xfb"), "//77");
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes.push_back(static_cast<char>(byte));
    EXPECT_EQ(decode_base64(encoded(bytes)), bytes);
  }
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zg==Zg==", "Zm9*", "====", "Z==="})
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

TEST(Utf8, IsWhatTheStandardSays) {
  for (const char* text : {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text :
       {"\x80", "\xc0\xaf", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff", "a\xc3z"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

}  // namespace
}  // namespace weir
