// What a row's event type changes on its way through a lane: whose id it has, and which windows it can be too late for.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/pipeline/duplicates.h"
#include "engine/pipeline/late_rows.h"

namespace weir {
namespace {

// payment and login share `id`, `card` and `t`; an order has a number of its own.
EventSchema three_types() {
  EventSchema schema;
  schema.fields = {{.name = "id", .type = ValueType::string, .optional = true},
                   {.name = "card", .type = ValueType::string, .optional = true},
                   {.name = "t", .type = ValueType::timestamp},
                   {.name = "number", .type = ValueType::integer, .optional = true}};
  schema.time_field = 2;
  schema.types = {
      {"payment", {0, 1, 2}, {0, 1, 2}, 0, 2, 1}, {"login", {0, 1, 2}, {0, 1, 2}, 0, 2, 1}, {"order", {2, 3}, {2, 3}, 3, 2, std::nullopt}};
  return schema;
}

struct Row {
  std::uint8_t type = 0;
  std::string id;
  std::int64_t number = 0;
};

EventBatch batch_of(const EventSchema& schema, const std::vector<Row>& rows) {
  EventBatch batch;
  batch.schema = &schema;
  batch.rows = rows.size();
  batch.active.assign(rows.size(), true);
  for (const FieldSpec& field : schema.fields) {
    batch.columns.emplace_back().type = field.type;
    batch.columns.back().resize(rows.size());
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    batch.record_index.push_back(static_cast<std::uint32_t>(row));
    batch.types.push_back(rows[row].type);
    batch.columns[2].present.set(row);
    for (const std::size_t field : schema.types[rows[row].type].fields) batch.columns[field].present.set(row);
    batch.columns[0].strings[row] = rows[row].id;
    batch.columns[1].strings[row] = "c1";
    batch.columns[3].integers[row] = rows[row].number;
  }
  batch.index_types();
  return batch;
}

TEST(EventTypesInALane, IdsOfDifferentTypesAreDifferent) {
  const EventSchema schema = three_types();
  const std::vector<Row> rows{{0, "1"}, {1, "1"}, {2, "", 1}, {0, "1"}, {1, "2"}, {2, "", 1}, {2, "", 2}};
  EventBatch batch = batch_of(schema, rows);
  RecordBatch records;
  records.records.resize(rows.size());
  for (RecordView& record : records.records) record.timestamp_ms = 1000;
  Duplicates duplicates({60'000, 100});
  std::vector<RememberedRow> firsts;
  std::vector<RememberedRow> again;
  duplicates.look(batch, records, firsts, again);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].row, 3U);
  EXPECT_EQ(again[1].row, 5U);
  EXPECT_EQ(batch.active.words()[0], 0b1010111U);
}

TEST(EventTypesInALane, AnotherOrderOfTheTypesLeavesTheIdsWithTheirTypes) {
  const EventSchema before = three_types();
  EventSchema after = before;
  std::swap(after.types[0], after.types[1]);
  EventSchema alone = before;  // payments
  alone.name = before.types[0].name;
  alone.id_field = 0;
  alone.types.clear();
  RecordBatch records;
  records.records.resize(2);
  for (RecordView& record : records.records) record.timestamp_ms = 1000;
  Duplicates duplicates({60'000, 100});
  std::vector<RememberedRow> firsts;
  std::vector<RememberedRow> again;

  const std::vector<Row> first{{0, "1"}, {1, "2"}};  // batches look into them
  const std::vector<Row> second{{0, "1"}, {1, "1"}};
  EventBatch batch = batch_of(before, first);
  duplicates.look(batch, records, firsts, again);
  batch = batch_of(after, second);
  duplicates.look(batch, records, firsts, again);
  ASSERT_EQ(again.size(), 1U) << "login 1 is not payment 1";
  EXPECT_EQ(again[0].row, 1U);

  batch.schema = &alone;
  batch.types.clear();
  batch.columns[0].strings[0] = "2";
  batch.active.assign(2, true);
  duplicates.look(batch, records, firsts, again);
  ASSERT_EQ(again.size(), 2U) << "payment 1, and not login 2";
  EXPECT_EQ(again[1].row, 1U);
}

TEST(EventTypesInALane, OnlyWindowsThatTakeTheTypeCanFindAnEventTooLate) {
  const EventSchema schema = three_types();
  BatchInFlight batch;
  batch.events = batch_of(schema, {{0, "1"}, {1, "2"}, {0, "3"}, {2, "", 4}});
  const std::vector<FeatureKey> keys{{{1}, 0b01}, {{1}, 0b10}, {{0}, 0b01}};  // payments by card and by id, logins by card
  batch.too_late = {0, 1, 2, 2};
  take_out_late_rows(batch, keys);
  EXPECT_EQ(batch.events.active.words()[0], 0b1001U) << "the first payment is too late for one of its two keys only";
  EXPECT_EQ(batch.late_records, (std::vector<std::uint32_t>{1, 2}));
}

}  // namespace
}  // namespace weir
