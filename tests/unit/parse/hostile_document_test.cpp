// Documents that a parser must not get wrong, one dead letter each, and the verdict that people read.
#include "tests/unit/parse/parse_fixture.h"

namespace weir {
namespace {

struct Case {
  std::string value;
  std::string verdict;  // "code" or "code: message", or "accepted"
};

class HostileDocumentTest : public ParseTest {
 protected:
  // Each alone, and then all of them in one batch between valid records that must not notice.
  void expect(const std::vector<Case>& cases) {
    std::vector<std::string> together;
    std::size_t accepted = 0;
    for (const Case& one : cases) {
      const std::string got = verdict(one.value);
      EXPECT_EQ(one.verdict.find(": ") == std::string::npos ? got.substr(0, got.find(':')) : got, one.verdict) << one.value.substr(0, 200);
      together.push_back(with(R"("mcc":1)"));
      together.push_back(one.value);
      if (got == "accepted") ++accepted;
    }
    parse(together);
    EXPECT_EQ(events.rows, cases.size() + accepted);
    EXPECT_EQ(rejects.size(), cases.size() - accepted);
    for (std::size_t row = 0; row < events.rows; ++row) {
      if (events.record_index[row] % 2 == 0) {
        EXPECT_EQ(events.columns[mcc].integers[row], 1);
      }
    }
  }

  static std::string nested(std::size_t depth, std::string_view open = "[", std::string_view close = "]") {
    std::string text;
    for (std::size_t level = 0; level < depth; ++level) text += open;
    for (std::size_t level = 0; level < depth; ++level) text += close;
    return text;
  }
};

TEST_F(HostileDocumentTest, WhatIsNoDocument) {
  expect({
      {"", "empty_value: The value is empty or white space"},
      {" \t\r\n", "empty_value"},
      {"nonsense", "not_json"},
      {"\xEF\xBB\xBF{}", "not_json"},
      {std::string("\0", 1), "not_json"},
      {"null", "not_an_object"},
      {"true", "not_an_object"},
      {"12", "not_an_object"},
      {"-", "not_json"},
      {"12 13", "not_json"},
      {"truth", "not_json"},
      {"\"text\"", "not_an_object"},
      {"[]", "not_an_object"},
      {"[{}]", "not_an_object"},
      {"{}", "field_missing: field `id`: missing"},
      {"{", "cut_off"},
      {"}", "not_json"},
      {"{]", "not_json"},
      {"{}}", "not_json: text behind the document at byte 2"},
      {"{'id':1}", "not_json"},
      {"{id:1}", "not_json"},
      {"{1:1}", "not_json"},
      {"{\"id\"}", "not_json"},
      {"{\"id\":}", "not_json"},
      {"{\"id\":,}", "not_json"},
      {"{\"x\":}", "not_json"},
      {"{\"x\":,\"id\":\"a\"}", "not_json"},
      {"{:1}", "not_json"},
      {"{,}", "not_json"},
      {with(",\"mcc\":1"), "not_json"},
      {with("\"mcc\":1,"), "not_json"},
      {with("\"mcc\" 1"), "not_json"},
      {with("\"mcc\":1 2"), "not_json"},
      {with("\"mcc\":1 \"x\":2"), "not_json"},
      {with("\"mcc\"::1"), "not_json"},
      {with("\"x\":1 2"), "not_json"},
      {with("\"x\":\"a\"\"b\""), "not_json"},
      {with("\"x\":\"a\"b"), "not_json"},
      {with("/* no */ \"x\":1"), "not_json"},
      {with("\"x\":1 // no"), "not_json"},
  });
}

TEST_F(HostileDocumentTest, WhatEndsTooEarly) {
  const std::string whole = with(R"("geo":{"lat":1.5,"lon":2.5},"x":{"y":[1,{"z":"w"}]},"device_id":"d")");
  ASSERT_EQ(verdict(whole), "accepted");
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_EQ(verdict(whole.substr(0, size)).substr(0, 8), "cut_off:") << whole.substr(0, size);
}

TEST_F(HostileDocumentTest, WhatGoesOnBehindTheEnd) {
  const std::string whole = with("");
  expect({
      {whole + whole, "two_documents: The value holds more than one JSON document at byte " + std::to_string(whole.size())},
      {whole + "\n" + whole, "two_documents"},
      {whole + " 1", "two_documents"},
      {whole + "[]", "two_documents"},
      {whole + "null", "two_documents"},
      {whole + ",", "not_json"},
      {whole + "}", "not_json"},
      {whole + "]", "not_json"},
      {whole + " x", "not_json"},
      {whole + std::string(1, '\0'), "not_json"},
      {whole + "\"", "two_documents"},
      {whole + " \r\n\t ", "accepted"},
      {" \n" + whole, "accepted"},
  });
}

TEST_F(HostileDocumentTest, Nesting) {
  limits.depth_max = 8;
  expect({
      {with("\"x\":" + nested(7)), "accepted"},
      {with("\"x\":" + nested(8)), "too_deep"},
      {with("\"x\":" + nested(7, "{\"a\":", "}").insert(7 * 5, "1")), "accepted"},
      {with("\"x\":" + nested(8, "{\"a\":", "}").insert(8 * 5, "1")), "too_deep"},
      {with("\"x\":" + nested(125'000)), "too_deep"},
      {with("\"x\":" + nested(40'000, "{\"a\":", "}").insert(200'000, "1")), "too_deep"},
      {with("\"geo\":{\"lat\":1,\"lon\":2,\"x\":" + nested(7) + "}"), "too_deep"},
      {with("\"geo\":{\"lat\":1,\"lon\":2,\"x\":" + nested(6) + "}"), "accepted"},
      {nested(125'000), "not_an_object"},
      {std::string(250'000, '['), "not_an_object"},
      {std::string(250'000, '{'), "cut_off"},
      {"{\"x\":" + std::string(250'000, '['), "cut_off"},
      {std::string(250'000, ']'), "not_json"},
      {std::string(250'000, '"'), "not_json"},
      {with("\"x\":[1}"), "not_json"},
      {with("\"x\":[{1]}"), "not_json"},
      {with("\"x\":{\"a\":[}]}"), "not_json"},
      {with("\"x\":[1,]"), "not_json"},
      {with("\"x\":[,1]"), "not_json"},
      {with("\"x\":[1 2]"), "not_json"},
      {with("\"x\":{\"a\" 1}"), "not_json"},
  });
}

TEST_F(HostileDocumentTest, Numbers) {
  const auto decimal = [](std::string_view number) { return R"({"id":"p1","created_at":1,"amount":)" + std::string(number) + "}"; };
  const auto integer = [](std::string_view number) { return with("\"mcc\":" + std::string(number)); };
  const auto floating = [](std::string_view number) { return with("\"ratio\":" + std::string(number)); };
  expect({
      {decimal("12.30"), "accepted"},
      {decimal("12.34000000000000000000000000"), "accepted"},
      {decimal("1e2"), "accepted"},
      {decimal("12.5e-3"), "accepted"},
      {decimal("-0.0"), "accepted"},
      {decimal("922337203685477.5807"), "accepted"},
      {decimal("-922337203685477.5808"), "accepted"},
      {decimal("0.00001e1"), "accepted"},
      {decimal("922337203685477.5808"), "number_out_of_range"},
      {decimal("1e16"), "number_out_of_range"},
      {decimal("1e999999999999999999999"), "number_out_of_range"},
      {decimal("12.34567"), "too_many_digits: field `amount`: more digits after the point than declared at byte 35"},
      {decimal("1e-5"), "too_many_digits"},
      {decimal("1e-999999999999999999999"), "too_many_digits"},
      {decimal("012.3"), "not_json"},
      {decimal("+1"), "not_json"},
      {decimal(".5"), "not_json"},
      {decimal("5."), "not_json"},
      {decimal("1e"), "not_json"},
      {decimal("1e+"), "not_json"},
      {decimal("1.2.3"), "not_json"},
      {decimal("1,2"), "not_json"},
      {decimal("0x10"), "not_json"},
      {decimal("1_000"), "not_json"},
      {decimal("--1"), "not_json"},
      {decimal("12a"), "not_json"},
      {decimal("12\x01"), "not_json"},
      {decimal("NaN"), "not_json"},
      {decimal("Infinity"), "not_json"},
      {decimal("-Infinity"), "not_json"},
      {decimal("\"12.34\""), "field_mistyped: field `amount`: expected decimal, found string at byte 35"},
      {decimal("[1]"), "field_mistyped: field `amount`: expected decimal, found array at byte 35"},
      {decimal("{}"), "field_mistyped: field `amount`: expected decimal, found object at byte 35"},
      {decimal("true"), "field_mistyped: field `amount`: expected decimal, found bool at byte 35"},
      {decimal("null"), "field_missing: field `amount`: null, but not optional at byte 35"},
      {decimal("nul"), "not_json"},
      {decimal("nulls"), "not_json"},
      {decimal("12.34 \t\r\n"), "accepted"},
      {integer("9223372036854775807"), "accepted"},
      {integer("-9223372036854775808"), "accepted"},
      {integer("-0"), "accepted"},
      {integer("9223372036854775808"), "number_out_of_range"},
      {integer("-9223372036854775809"), "number_out_of_range"},
      {integer("18446744073709551617"), "number_out_of_range"},
      {integer(std::string(10'000, '9')), "number_out_of_range"},
      {integer("5411.0"), "field_mistyped"},
      {integer("1e3"), "field_mistyped"},
      {integer("01"), "not_json"},
      {integer("00"), "not_json"},
      {integer("-"), "not_json"},
      {integer("\"5411\""), "field_mistyped: field `mcc`: expected int, found string at byte 59"},
      {floating("1e308"), "accepted"},
      {floating("-1.5E-3"), "accepted"},
      {floating("12"), "accepted"},
      {floating("1e309"), "number_out_of_range"},
      {floating("inf"), "not_json"},
      {floating("0123"), "not_json"},
      {floating("1."), "not_json"},
      {floating("\"1\""), "field_mistyped"},
  });
}

TEST_F(HostileDocumentTest, Booleans) {
  const auto flag = [](std::string_view text) { return with("\"approved\":" + std::string(text)); };
  expect({
      {flag("true"), "accepted"},
      {flag("false"), "accepted"},
      {flag("True"), "not_json"},
      {flag("tru"), "not_json"},
      {flag("trueish"), "not_json"},
      {flag("falsey"), "not_json"},
      {flag("1"), "field_mistyped: field `approved`: expected bool, found number at byte 64"},
      {flag("\"true\""), "field_mistyped: field `approved`: expected bool, found string at byte 64"},
      {flag("yes"), "not_json"},
  });
}

TEST_F(HostileDocumentTest, Timestamps) {
  const auto at = [](std::string_view time) { return R"({"id":"p1","amount":1,"created_at":)" + std::string(time) + "}"; };
  expect({
      {at("0"), "accepted"},
      {at("-1"), "accepted"},
      {at("\"2026-01-01T00:00:00Z\""), "accepted"},
      {at("\"2026-01-01T00:00:00\\u005a\""), "accepted"},
      {at("253402300799999"), "accepted"},
      {at("253402300800000"), "number_out_of_range"},
      {at("1767225600123000"), "number_out_of_range"},
      {at("1767225600123.5"), "field_mistyped"},
      {at("\"2026-01-01\""),
       "field_mistyped: field `created_at`: expected timestamp, found a string that is not RFC 3339, which ends with a zone "
       "(`2027-03-31T12:00:00Z`), at byte 35"},
      {at("\"2026-02-29T00:00:00Z\""), "field_mistyped"},
      {at("\"2026-01-01T00:00:00\""), "field_mistyped"},
      {at("\"1767225600123\""), "field_mistyped"},
      {at("\"\""), "field_mistyped"},
      {at("\"2026-01-01T00:00:00\\x\""), "not_json"},
      {at("true"), "field_mistyped"},
      {with("\"seen_s\":1767225600.1239999"), "accepted"},
      {with("\"seen_s\":1767225600123"), "number_out_of_range: field `seen_s`: a time outside the years 0000 to 9999 at byte 62"},
      {with("\"seen_s\":9223372036854775807"), "number_out_of_range: field `seen_s`: a time outside the years 0000 to 9999 at byte 62"},
      {with("\"seen_s\":253402300799.9991234567890123456789"), "accepted"},
      {with("\"seen_s\":253402300800"), "number_out_of_range"},
      {with("\"seen_s\":-62167219200.000"), "accepted"},
      {with("\"seen_s\":-62167219200.0001"), "number_out_of_range"},
      {with("\"seen_s\":1.7672256001239e9"), "too_many_digits"},
      {with("\"seen_s\":1.767225600123e9"), "accepted"},
      {with("\"seen_s\":1.2345.6"), "not_json"},
      {with("\"seen_s\":1.2345x"), "not_json"},
      {with("\"seen_s\":01.23456"), "not_json"},
      {with("\"seen_us\":-1"), "accepted"},
  });
  parse({with("\"seen_s\":1767225600.1239999,\"seen_us\":-1")});
  EXPECT_EQ(events.columns[seen_s].integers[0], 1767225600123);
  EXPECT_EQ(events.columns[seen_us].integers[0], -1);
  parse({with("\"seen_s\":-0.5"), with("\"seen_s\":-0.50000"), with("\"seen_s\":-0.50001"), with("\"seen_s\":-0.00009"),
         with("\"seen_s\":10000000000.12399999999")});
  ASSERT_EQ(events.rows, 5U);
  const std::vector<std::int64_t> milliseconds(events.columns[seen_s].integers.begin(), events.columns[seen_s].integers.begin() + 5);
  EXPECT_EQ(milliseconds, (std::vector<std::int64_t>{-500, -500, -501, -1, 10'000'000'000'123}));
}

TEST_F(HostileDocumentTest, Strings) {
  const auto text = [](const std::string& string) { return with("\"device_id\":\"" + string + "\""); };
  expect({
      {text(""), "accepted"},
      {text("\\u0000"), "accepted"},
      {text("\\ud83d\\ude00"), "accepted"},
      {text("\\ud83d"), "not_json"},
      {text("\\ude00"), "not_json: field `device_id`: a malformed escape at byte 65"},
      {text("\\q"), "not_json"},
      {text("\\u12g4"), "not_json"},
      {text("\\u12"), "not_json"},
      {text("\\"), "cut_off"},
      {text("a\nb"), "not_json: a control character in a string"},
      {text(std::string("a\0b", 3)), "not_json"},
      {text("\x7f"), "accepted"},
      {text("\xc3\xa9"), "accepted"},
      {text("\xff"), "invalid_utf8"},
      {text("\xc3"), "invalid_utf8"},
      {text("\xc0\xaf"), "invalid_utf8"},
      {text("\xed\xa0\x80"), "invalid_utf8"},
      {text("\xf4\x90\x80\x80"), "invalid_utf8"},
      {with("\"x\":\"\xff\""), "invalid_utf8"},
      {with("\"device_id\":12"), "field_mistyped: field `device_id`: expected string, found number at byte 65"},
      {with("\"device_id\":{}"), "field_mistyped: field `device_id`: expected string, found object at byte 65"},
  });
}

TEST_F(HostileDocumentTest, StringsHaveALimitAndSoHaveRecords) {
  limits.string_bytes_max = 10;
  limits.record_bytes_max = 300;
  expect({
      {with("\"device_id\":\"1234567890\""), "accepted"},
      {with("\"device_id\":\"12345678901\""), "string_too_long: field `device_id`: A string is longer than the limit at byte 65"},
      {with("\"device_id\":\"\\u0031\\u0032\\u0033\\u0034\\u0035\\u0036\\u0037\\u0038\\u0039\\u0030\""), "accepted"},
      {with("\"device_id\":\"\\n234567890\\n\""), "string_too_long"},
      {with("\"device_id\":\"" + std::string(120, '\\') + "\""), "string_too_long"},
      {with("\"x\":\"12345678901\""), "accepted"},
      {with("\"x\":\"" + std::string(300, 'a') + "\""), "too_large: The value is larger than the limit on a record's bytes"},
  });
}

TEST_F(HostileDocumentTest, KeysAreTheSameHoweverTheyAreSpelled) {
  expect({
      {R"({"i\u0064":"p1","created\u005fat":1,"\u0061mount":2})", "accepted"},
      {R"({"id":"p1","created_at":1,"amount":2,"\u0069d":"p2"})", "duplicate_key"},
      {R"({"id":"p1","id":"p1","created_at":1,"amount":2})",
       "duplicate_key: field `id`: A declared field stands twice in the object at byte 11"},
      {R"({"id" : "p1" , "created_at"	:
1 ,"amount" :2 })",
       "accepted"},
      {with(R"("mcc":null,"mcc":1)"), "duplicate_key"},
      {with(R"("x":1,"x":2)"), "accepted"},
      {with(R"("Mcc":"other","mcc ":true,"":0,"mc":[],"mccc":{})"), "accepted"},
      {with(R"("a_field_with_a_name_longer_than_sixteeN":"x")"), "accepted"},
      {with(R"("a_field_with_A_name_longer_than_sixteen":"x")"), "accepted"},
      {with(R"("a_field_with_a_name_longer_than_sixteen":"x")"), "field_mistyped"},
      {with(R"("mcc\"":"x","\"mcc":"x","\\mcc":"x")"), "accepted"},
      {with(R"("mcc\":1)"), "cut_off"},
      {with(R"("m\qcc":1)"), "not_json"},
      {with(R"(")" + std::string(5000, 'k') + R"(":1)"), "accepted"},
  });
}

TEST_F(HostileDocumentTest, Places) {
  const auto place = [](std::string_view text) { return with("\"geo\":" + std::string(text)); };
  expect({
      {place(R"({"lat":-90,"lon":180})"), "accepted"},
      {place(R"({"lon":1e1,"lat":0.5e-3,"accuracy":[1,{"m":"x"}]})"), "accepted"},
      {place(R"({"l\u0061t":1,"lon":2})"), "accepted"},
      {place(R"({"lat":1})"), "field_mistyped: field `geo`: expected geo, found an object without `lon` at byte 59"},
      {place(R"({})"), "field_mistyped: field `geo`: expected geo, found an object without `lat` at byte 59"},
      {place(R"({"lat":90.5,"lon":2})"), "number_out_of_range: field `geo`: a latitude beyond 90 degrees at byte 66"},
      {place(R"({"lat":1,"lon":-180.0001})"), "number_out_of_range"},
      {place(R"({"lat":1e999,"lon":1})"), "number_out_of_range"},
      {place(R"({"lat":"1","lon":2})"), "field_mistyped: field `geo`: expected geo, found a coordinate that is not a number at byte 66"},
      {place(R"({"lat":null,"lon":2})"), "field_mistyped"},
      {place(R"({"lat":[1],"lon":2})"), "field_mistyped"},
      {place(R"({"lat":01,"lon":2})"), "not_json"},
      {place(R"({"lat":1,"lat":1,"lon":2})"), "duplicate_key"},
      {place(R"({"lat":1,"lon":2)"), "cut_off"},
      {place(R"([1,2])"), "field_mistyped: field `geo`: expected geo, found array at byte 59"},
      {place(R"("1,2")"), "field_mistyped: field `geo`: expected geo, found string at byte 59"},
      {place("null"), "accepted"},
  });
}

TEST_F(HostileDocumentTest, WhatIsSkippedIsCheckedOnlyWhenStrict) {
  const std::vector<std::string> loose = {
      with(R"("x":nope)"),     with(R"("x":01)"),       with(R"("x":tru)"),       with(R"("x":"\q")"),
      with(R"("x":[1,2.,3])"), with(R"("x":{"y":+1})"), with(R"("x":-)"),         with(R"("x":1e)"),
      with(R"("x":{"\q":1})"), with(R"("x":"\u12")"),   with(R"("x":[[[nul]]])"),
  };
  for (const std::string& value : loose) {
    limits.strict = false;
    // Some of these are noticed all the same; none is taken for something else.
    const std::string verdict_loose = verdict(value);
    EXPECT_TRUE(verdict_loose == "accepted" || verdict_loose.starts_with("not_json")) << value;
    limits.strict = true;
    EXPECT_EQ(verdict(value).substr(0, 8), "not_json") << value;
  }
  limits.strict = true;
  EXPECT_EQ(verdict(with(R"("x":[1,-2.5e+3,"a\u00e9\n",true,false,null,{"y":{}},[]])")), "accepted");
}

TEST_F(HostileDocumentTest, ATombstoneIsNoEvent) {
  RecordTexts texts({with("")});
  texts.batch.records[0].has_value = false;
  JsonParser parser(schema, limits);
  parser.parse(texts.batch, events, rejects);
  ASSERT_EQ(rejects.size(), 1U);
  EXPECT_EQ(reject_code(rejects[0].reason), "tombstone");
  EXPECT_EQ(reject_message(rejects[0], schema), "The record has no value (a tombstone)");
}

}  // namespace
}  // namespace weir
