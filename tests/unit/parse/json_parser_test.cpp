#include "engine/parse/json_parser.h"

#include "tests/unit/parse/parse_fixture.h"

namespace weir {
namespace {

using JsonParserTest = ParseTest;

TEST_F(JsonParserTest, FillsEveryColumnByItsType) {
  parse({R"({"id":"p1","created_at":"2026-01-01T00:00:00.123Z","amount":12.30,"mcc":-5411,"approved":true,"ratio":1.5e-3,)"
         R"("geo":{"lat":52.52,"lon":-13.405},"device_id":"d\u00e9\n","seen_s":1767225600.5,"seen_us":1767225600123999,)"
         R"("a_field_with_a_name_longer_than_sixteen":7,"address":"192.0.2.1"})"});
  ASSERT_TRUE(rejects.empty()) << reject_message(rejects[0], schema);
  ASSERT_EQ(events.rows, 1U);
  EXPECT_EQ(events.columns[id].strings[0], "p1");
  EXPECT_EQ(events.columns[created_at].integers[0], 1767225600123);
  EXPECT_EQ(events.columns[amount].integers[0], 123000);
  EXPECT_EQ(events.columns[mcc].integers[0], -5411);
  EXPECT_TRUE(events.columns[approved].bits.test(0));
  EXPECT_EQ(events.columns[ratio].floats[0], 1.5e-3);
  EXPECT_EQ(events.columns[geo].points[0].latitude, 52.52);
  EXPECT_EQ(events.columns[geo].points[0].longitude, -13.405);
  EXPECT_EQ(events.columns[device_id].strings[0], "d\xc3\xa9\n");
  EXPECT_EQ(events.columns[seen_s].integers[0], 1767225600500);
  EXPECT_EQ(events.columns[seen_us].integers[0], 1767225600123);
  EXPECT_EQ(events.columns[long_name].integers[0], 7);
  for (std::size_t field = 0; field < schema.fields.size(); ++field) EXPECT_TRUE(events.columns[field].present.test(0)) << field;
  EXPECT_EQ(events.offsets[0], 100);
  EXPECT_TRUE(events.active.test(0));
}

TEST_F(JsonParserTest, OptionalFieldsMayBeAbsentOrNull) {
  parse({with(""), with(R"("mcc":null,"geo": null ,"device_id":null)")});
  ASSERT_TRUE(rejects.empty());
  ASSERT_EQ(events.rows, 2U);
  for (const std::size_t row : {0U, 1U})
    for (std::size_t field = mcc; field < schema.fields.size(); ++field) EXPECT_FALSE(events.columns[field].present.test(row));
}

TEST_F(JsonParserTest, StringsWithoutEscapesAreViewsIntoTheRecord) {
  RecordTexts texts({with(R"("device_id":"plain")")});
  JsonParser parser(schema, limits);
  parser.parse(texts.batch, events, rejects);
  const std::string_view record = texts.batch.records[0].value;
  const std::string_view text = events.columns[device_id].strings[0];
  EXPECT_EQ(text, "plain");
  EXPECT_TRUE(text.data() >= record.data() && text.data() < record.data() + record.size());
}

TEST_F(JsonParserTest, RejectsLeaveTheirNeighboursAlone) {
  parse({with(R"("mcc":1)"), "nonsense", with(R"("mcc":3)"), R"({"id":"x","mcc":9,"approved":true,"amount":"12.34"})", with(R"("mcc":5)"),
         ""});
  ASSERT_EQ(events.rows, 3U);
  ASSERT_EQ(rejects.size(), 3U);
  EXPECT_EQ(rejects[0].record, 1U);
  EXPECT_EQ(rejects[1].record, 3U);
  EXPECT_EQ(rejects[2].record, 5U);
  EXPECT_EQ(events.columns[mcc].integers, (std::vector<std::int64_t>{1, 3, 5}));
  EXPECT_EQ(events.offsets, (std::vector<std::int64_t>{100, 102, 104}));
  EXPECT_EQ(events.record_index, (std::vector<std::uint32_t>{0, 2, 4}));
  EXPECT_FALSE(events.columns[approved].present.test(2));
  EXPECT_EQ(events.active.count(), 3U);
}

TEST_F(JsonParserTest, ARejectLeavesNoTraceInTheRowThatFollows) {
  parse({R"({"id":"x","created_at":1,"mcc":9,"approved":true,"ratio":2.5,"geo":{"lat":1,"lon":2},"device_id":"d","amount":1.23456})",
         with("")});
  ASSERT_EQ(events.rows, 1U);
  for (std::size_t field = mcc; field < schema.fields.size(); ++field) EXPECT_FALSE(events.columns[field].present.test(0)) << field;
  EXPECT_EQ(events.columns[mcc].integers[0], 0);
  EXPECT_EQ(events.columns[ratio].floats[0], 0);
  EXPECT_FALSE(events.columns[approved].bits.test(0));
  EXPECT_TRUE(events.columns[device_id].strings[0].empty());
  EXPECT_EQ(events.columns[geo].points[0].latitude, 0);
}

TEST_F(JsonParserTest, ReadsAddressesHoweverTheyAreWritten) {
  parse({with(R"("address":"192.0.2.1")"), with(R"("address":"::FFFF:192.0.2.1")"), with(R"("address":"2001:DB8\u003a:1")"),
         with(R"("address":null)"), with(R"("address":"192.0.2.1 ")"), with(R"("address":"")"), with(R"("address":3221225985)"),
         with(R"("address":["192.0.2.1"])"), with(R"("address":"192.0.2\u0020")"), with(R"("address":tru)")});
  ASSERT_EQ(events.rows, 4U);
  EXPECT_EQ(events.columns[address].addresses[0], IpAddress::of_ipv4(0xc000'0201));
  EXPECT_EQ(events.columns[address].addresses[1], IpAddress::of_ipv4(0xc000'0201));
  EXPECT_EQ(events.columns[address].addresses[2], IpAddress::of_words(0x2001'0db8'0000'0000, 1));
  EXPECT_FALSE(events.columns[address].present.test(3));
  ASSERT_EQ(rejects.size(), 6U);
  for (std::size_t index = 0; index < 5; ++index) EXPECT_EQ(rejects[index].reason, RejectReason::field_mistyped) << index;
}

TEST_F(JsonParserTest, SaysWhatWhereAndWhy) {
  EXPECT_EQ(verdict(R"({"id":"p1","created_at":1767225600123,"amount":"12.34"})"),
            "field_mistyped: field `amount`: expected decimal, found string at byte 47");
  EXPECT_EQ(verdict(R"({"id":"p1","created_at":1767225600123})"), "field_missing: field `amount`: missing");
  EXPECT_EQ(verdict(with(R"("address":"192.0.2.300")")),
            "field_mistyped: field `address`: expected ip, found a string that is no IP address at byte 63");
  EXPECT_EQ(verdict(R"({"id":null,"created_at":1767225600123})"), "field_missing: field `id`: null, but not optional at byte 6");
}

}  // namespace
}  // namespace weir
