// Any bytes as what a Kafka broker answers: no crash, no read beyond the end, no record out of order.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/kafka/wire/crc32c.h"
#include "connectors/kafka/wire/fetch_messages.h"
#include "connectors/kafka/wire/login.h"
#include "connectors/kafka/wire/produce_messages.h"
#include "connectors/kafka/wire/record_set.h"
#include "connectors/kafka/wire/request_frame.h"
#include "connectors/kafka/wire/wire_format.h"

namespace {

using namespace weir;

constexpr std::size_t header_bytes = 61;

// Makes the first batch a whole one with the right CRC, or nothing behind the check would ever be reached.
void mend(std::string& bytes) {
  if (bytes.size() < header_bytes) return;
  std::string fields;
  wire::Writer writer(fields);
  writer.int32(static_cast<std::int32_t>(bytes.size() - 12));
  writer.int32(static_cast<std::int32_t>(wire::crc32c(std::string_view(bytes).substr(21))));
  bytes.replace(8, 4, fields, 0, 4);
  bytes[16] = 2;
  bytes.replace(17, 4, fields, 4, 4);
}

void read_records(std::string bytes, bool mended) {
  if (mended) mend(bytes);
  const std::size_t size = bytes.size();
  auto memory = std::make_shared<std::string>(std::move(bytes));
  memory->append(Arena::padding_bytes, '\0');
  const std::string_view view(memory->data(), size);
  wire::RecordSet set(memory, view, {{1, 0}, {2, 5}});
  std::int64_t next = 0;
  for (wire::RecordSet::Stop stop = wire::RecordSet::Stop::full; stop == wire::RecordSet::Stop::full;) {
    OwnedRecordBatch batch;
    const std::int64_t before = next;
    stop = set.read(batch, 16, 1 << 20, next);
    std::int64_t newest = before - 1;
    for (const RecordView& record : batch.records) {
      if (record.offset <= newest) std::abort();
      newest = record.offset;
      const auto inside = [&](std::string_view part) {
        return part.empty() || (part.data() >= view.data() && part.data() + part.size() <= view.data() + size);
      };
      if (!inside(record.key) || !inside(record.value)) std::abort();
      if (record.header_first + record.header_count > batch.headers.size()) std::abort();
    }
    if (stop == wire::RecordSet::Stop::full && batch.records.empty()) std::abort();
  }
}

// The broker's side of a login: answers of at most 255 bytes, each behind its length.
void log_in(std::string_view bytes) {
  const wire::LoginSettings settings{wire::LoginMechanism::scram_sha_256, "user", "pencil"};
  wire::Login login(settings, "rOprNGfwEbeRWgbNEkqO");
  std::string frame;
  while (!login.done() && !bytes.empty()) {
    const std::size_t length = std::min<std::size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
    login.write_request(frame);
    if (!login.take_answer(bytes.substr(1, length))) return;
    bytes.remove_prefix(1 + length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 255) {
    log_in(bytes);
    return 0;
  }
  wire::FetchAnswer fetched;
  wire::ProduceAnswer produced;
  wire::InitProducerIdAnswer identity;
  switch (data[0] % 6) {
    case 0:
      read_records(bytes, true);
      break;
    case 1:
      read_records(bytes, false);
      break;
    case 2:
      if (wire::read_fetch(bytes, fetched))
        for (const wire::FetchedPartition& one : fetched.partitions) read_records(std::string(one.records), false);
      break;
    case 3:
      wire::read_produce(bytes, produced);
      break;
    case 4:
      wire::read_api_versions(bytes, wire::fetch_api, wire::fetch_version);
      break;
    default:
      wire::read_init_producer_id(bytes, identity);
  }
  return 0;
}
