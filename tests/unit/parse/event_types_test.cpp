// Several event types: which one a record is, and what is read of it then.
#include <gtest/gtest.h>

#include "tests/unit/parse/parse_fixture.h"

namespace weir {
namespace {

enum Field : std::size_t { id, paid_at, card_id, amount, ip, at, ok, kind, time };

// payment: id, paid_at (time), card_id, amount. login: id (optional there), card_id, ip, at (time), ok, and `kind`, which may tell.
EventSchema two_types() {
  EventSchema schema;
  schema.fields = {
      {.name = "id", .type = ValueType::string, .optional = true},
      {.name = "paid_at", .type = ValueType::timestamp, .optional = true},
      {.name = "card_id", .type = ValueType::string},
      {.name = "amount", .type = ValueType::decimal, .scale = 2, .optional = true},
      {.name = "ip", .type = ValueType::string, .optional = true},
      {.name = "at", .type = ValueType::timestamp, .optional = true},
      {.name = "ok", .type = ValueType::boolean, .optional = true},
      {.name = "kind", .type = ValueType::string, .optional = true},
      {.name = "", .type = ValueType::timestamp},
  };
  schema.time_field = time;
  schema.types = {
      {"payment", {id, paid_at, card_id, amount}, {id, paid_at, card_id, amount}, id, paid_at, card_id},
      {"login", {id, card_id, ip, at, ok, kind}, {card_id, at}, std::nullopt, at, card_id},
  };
  return schema;
}

class EventTypesTest : public testing::Test {
 protected:
  void parse(const std::vector<std::string>& values) {
    texts_ = std::make_unique<RecordTexts>(values);
    rejects.clear();
    JsonParser(schema, limits, types).parse(texts_->batch, events, rejects);
  }

  std::string verdict(const std::string& value) {
    parse({value});
    if (rejects.empty()) return events.rows == 1 ? schema.type_name(events.type_of(0)) : "passed over";
    return reject_message(rejects[0], schema);
  }

  EventSchema schema = two_types();
  ParseLimits limits;
  RecordTypes types{0, "kind", {{"pay", 0}, {"login", 1}, {"7", 1}}, false};
  EventBatch events;
  std::vector<Reject> rejects;

 private:
  std::unique_ptr<RecordTexts> texts_;
};

TEST_F(EventTypesTest, TheTellingFieldStandsAnywhere) {
  parse({R"({"kind":"pay","id":"p1","paid_at":5,"card_id":"c1","amount":1.5})",
         R"({"card_id":"c1","more":{"kind":"pay","list":[1,{"a":2}]},"at":7,"ok":true,"kind":"login"})",
         R"({"id":"p2","paid_at":9,"card_id":"c2","amount":2,"kind" : "pay" })"});
  ASSERT_EQ(rejects.size(), 0U);
  ASSERT_EQ(events.rows, 3U);
  EXPECT_EQ(events.types, (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_EQ(events.of_type[0].bits.words()[0], 0b101U);
  EXPECT_EQ(events.of_type[1].bits.words()[0], 0b010U);
  EXPECT_EQ(events.rows_of(0b11, 0), 0b111U);
  EXPECT_EQ(events.columns[card_id].strings[1], "c1");
  EXPECT_EQ(events.columns[amount].present.words()[0], 0b101U);
  EXPECT_EQ(events.columns[ok].present.words()[0], 0b010U);
  EXPECT_EQ(events.columns[kind].strings[1], "login") << "it is a field of logins, too";
  EXPECT_FALSE(events.columns[kind].present.test(0)) << "and none of payments";
}

TEST_F(EventTypesTest, EachTypesOwnTimeIsTheTimeOfItsRows) {
  parse({R"({"kind":"pay","id":"p1","paid_at":5,"card_id":"c1","amount":1.5})", R"({"kind":"login","card_id":"c1","at":7})"});
  ASSERT_EQ(events.rows, 2U);
  EXPECT_EQ(events.time().integers, (std::vector<std::int64_t>{5, 7}));
  EXPECT_EQ(events.time().present.words()[0], 0b11U);
}

TEST_F(EventTypesTest, WhatIsRequiredDependsOnTheType) {
  EXPECT_EQ(verdict(R"({"kind":"login","card_id":"c1","at":7})"), "login");
  EXPECT_EQ(verdict(R"({"kind":"login","id":null,"card_id":"c1","at":7})"), "login");
  EXPECT_EQ(verdict(R"({"kind":"pay","paid_at":5,"card_id":"c1","amount":1.5})"), "field `id`: missing");
  EXPECT_EQ(verdict(R"({"kind":"pay","id":null,"paid_at":5,"card_id":"c1","amount":1})"), "field `id`: null, but not optional at byte 19");
  // What belongs to another type is skipped, whatever it is.
  EXPECT_EQ(verdict(R"({"kind":"login","card_id":"c1","at":7,"amount":"much","amount":[]})"), "login");
}

TEST_F(EventTypesTest, UnknownTypesAreRejectedOrPassedOver) {
  const std::string unknown = "The field that tells the event's type is absent or names none";
  EXPECT_EQ(verdict(R"({"card_id":"c1","at":7})"), unknown);
  EXPECT_EQ(verdict(R"({"kind":null,"at":7})"), unknown + " at byte 8");
  EXPECT_EQ(verdict(R"({"kind":{"kind":"pay"},"at":7})"), unknown);
  EXPECT_EQ(verdict(R"({"kind":"refund","at":7})"), unknown + " at byte 8");
  types.skip_unknown = true;
  EXPECT_EQ(verdict(R"({"kind":"refund","at":7})"), "passed over");
  EXPECT_EQ(verdict(R"({"at":7})"), "passed over");
  EXPECT_EQ(verdict(R"({"at":7)"), "The JSON document ends too early at byte 7") << "what is no JSON stays a reject";
}

TEST_F(EventTypesTest, ATypeMayBeTextWithEscapesOrANumber) {
  EXPECT_EQ(verdict(R"({"card_id":"c1","at":7,"kind":"log\u0069n"})"), "login");
  EXPECT_EQ(verdict(R"({"card_id":"c\"1","at":7,"k\u0069nd":"login"})"), "login");
  EXPECT_EQ(verdict(R"({"card_id":"c1","at":7,"kind": 7 })"), "field `kind`: expected string, found number at byte 31");
  types.field = "sort";
  EXPECT_EQ(verdict(R"({"card_id":"c1","at":7,"sort": 7 })"), "login");
}

TEST_F(EventTypesTest, ATypeThatIsToldTwiceIsNone) {
  EXPECT_EQ(verdict(R"({"kind":"pay","id":"p","paid_at":5,"card_id":"c","amount":1,"kind":"login"})"),
            "the field that tells the event's type stands twice at byte 60");
  EXPECT_EQ(verdict(R"({"kind":"pay","id":"\n","paid_at":5,"card_id":"c","amount":1,"kind":"pay"})"),
            "the field that tells the event's type stands twice at byte 61");
  EXPECT_EQ(verdict(R"({"kind":"login","card_id":"c1","at":7,"kind":"pay"})"),
            "field `kind`: A declared field stands twice in the object at byte 38");
}

TEST_F(EventTypesTest, ASourceOfOneTypeNeedsNoTellingField) {
  types = {1, {}, {}, false};
  EXPECT_EQ(verdict(R"({"card_id":"c1","at":7,"kind":"pay"})"), "login");
  EXPECT_EQ(events.time().integers[0], 7);
  EXPECT_TRUE(events.of_type[1].bits.test(0));
  EXPECT_EQ(verdict(R"({"id":"p1","paid_at":5,"card_id":"c1","amount":1.5})"), "field `at`: missing");
}

TEST_F(EventTypesTest, ARejectLeavesNoTraceInTheRowThatFollows) {
  parse({R"({"kind":"pay","id":"p1","paid_at":5,"card_id":"c1","amount":1.5,"amount":2})", R"({"kind":"login","card_id":"c2","at":7})"});
  ASSERT_EQ(events.rows, 1U);
  EXPECT_EQ(events.type_of(0), 1U);
  for (const std::size_t field : {id, paid_at, amount}) EXPECT_FALSE(events.columns[field].present.test(0)) << field;
}

}  // namespace
}  // namespace weir
