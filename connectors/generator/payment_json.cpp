// A generated payment as text: key and JSON value.
#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "connectors/generator/payment_generator.h"
#include "engine/base/json_text.h"

namespace weir {
namespace {

constexpr std::array<std::uint32_t, 10> category_codes{5411, 5812, 5999, 4111, 5541, 5732, 5651, 5967, 7273, 7995};

void append_padded(ByteBuffer& out, std::string_view prefix, std::uint64_t number, std::size_t digits) {
  std::array<char, 20> text;
  for (std::size_t i = digits; i-- > 0; number /= 10) text[i] = static_cast<char>('0' + number % 10);
  out.append(prefix);
  out.append(std::string_view(text.data(), digits));
}

void append_amount(ByteBuffer& out, std::int64_t cents) {
  append_integer(out, cents / 100);
  append_padded(out, ".", static_cast<std::uint64_t>(cents % 100), 2);
}

void append_degrees(ByteBuffer& out, double degrees) {
  char* at = out.grow(32);
  out.advance(static_cast<std::size_t>(std::snprintf(at, 32, "%.4f", degrees)));
}

enum class Fault : std::uint8_t { none, card_missing, text_for_amount, two_documents, cut_off };
constexpr std::uint64_t fault_count = 4;

void append_document(ByteBuffer& out, const PaymentModel& model, const GeneratedPayment& payment, Fault fault) {
  const bool with_card = fault != Fault::card_missing;
  out.append('{');
  append_padded(out, "\"id\":\"p", payment.ordinal * model.of + model.part, 12);
  out.append("\",\"created_at\":");
  append_integer(out, payment.created_at_ms);
  if (with_card) append_padded(out, ",\"card_id\":\"c", payment.card, 7);
  if (with_card) out.append("\"");
  append_padded(out, ",\"account_id\":\"a", payment.card / 2, 7);
  append_padded(out, payment.new_device ? "\",\"device_id\":\"n" : "\",\"device_id\":\"d", payment.device, 7);
  append_padded(out, "\",\"merchant_id\":\"m", payment.merchant, 5);
  out.append("\",\"mcc\":");
  append_integer(out, category_codes[payment.merchant % category_codes.size()]);
  out.append(fault == Fault::text_for_amount ? ",\"amount\":\"" : ",\"amount\":");
  append_amount(out, payment.amount_cents);
  if (fault == Fault::text_for_amount) out.append('"');
  out.append(",\"currency\":\"");
  out.append(payment.home->currency);
  out.append("\",\"card_country\":\"");
  out.append(payment.home->country);
  out.append("\",\"ip_country\":\"");
  out.append(payment.place->country);
  out.append(payment.in_person ? "\",\"channel\":\"pos\"" : "\",\"channel\":\"web\"");
  out.append(payment.approved ? ",\"approved\":true" : ",\"approved\":false");
  out.append(",\"geo\":{\"lat\":");
  append_degrees(out, payment.latitude);
  out.append(",\"lon\":");
  append_degrees(out, payment.longitude);
  out.append("}}");
}

}  // namespace

void append_payment_key(ByteBuffer& out, const GeneratedPayment& payment) {
  append_padded(out, "c", payment.card, 7);
}

void append_payment_json(ByteBuffer& out, const PaymentModel& model, const GeneratedPayment& payment) {
  const std::size_t begin = out.size();
  const Fault fault = payment.malformed ? static_cast<Fault>(1 + payment.ordinal % fault_count) : Fault::none;
  append_document(out, model, payment, fault);
  if (fault == Fault::two_documents) append_document(out, model, payment, Fault::none);
  if (fault == Fault::cut_off) out.truncate(begin + (out.size() - begin) / 3);
}

}  // namespace weir
