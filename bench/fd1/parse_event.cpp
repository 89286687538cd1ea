// The oracle's own reading of a record: a document tree, field by field.
#include <cmath>
#include <simdjson.h>

#include "bench/fd1/oracle.h"

namespace weir::fd1 {
namespace {

constexpr double amount_abs_max = 1e12;

bool read_string(const simdjson::dom::object& object, std::string_view name, std::string& into) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return false;
  into = text;
  return true;
}

// Exact for amounts with up to four digits after the point; more digits make the record malformed.
bool read_amount(const simdjson::dom::object& object, std::int64_t& into) {
  double amount = 0;
  if (object["amount"].get(amount) != simdjson::SUCCESS || std::abs(amount) > amount_abs_max) return false;
  into = std::llround(amount * 10'000);
  return static_cast<double>(into) / 10'000 == amount;
}

}  // namespace

std::optional<OracleEvent> parse_event(std::string_view record) {
  static thread_local simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(record.data(), record.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  OracleEvent event;
  const bool complete = read_string(object, "id", event.id) && object["created_at"].get(event.time_ms) == simdjson::SUCCESS &&
                        read_string(object, "card_id", event.card) && read_string(object, "device_id", event.device) &&
                        read_string(object, "merchant_id", event.merchant) && read_amount(object, event.amount);
  if (!complete) return std::nullopt;
  return event;
}

}  // namespace weir::fd1
