#include "bench/fd1/payment_document.h"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <string_view>

#include "engine/base/check.h"

namespace weir::fd1 {
namespace {

enum Field : std::uint8_t {
  id,
  created_at,
  card,
  device,
  merchant,
  account,
  amount,
  currency,
  mcc,
  card_country,
  ip_country,
  channel,
  approved,
  geo,
  email_domain,
  user_agent,
  field_count
};

using FieldTexts = std::array<std::string, field_count>;  // each `"name":value`; an empty one is left out

constexpr std::array<std::array<Field, field_count>, 4> orders{{
    {id, created_at, card, device, merchant, account, amount, currency, mcc, card_country, ip_country, channel, approved, geo, email_domain,
     user_agent},
    {created_at, id, amount, currency, card, account, merchant, mcc, device, channel, ip_country, card_country, approved, email_domain, geo,
     user_agent},
    {user_agent, email_domain, geo, channel, approved, card_country, ip_country, mcc, merchant, amount, currency, device, account, card,
     created_at, id},
    {card, card_country, amount, currency, merchant, mcc, channel, device, ip_country, geo, user_agent, account, id, created_at, approved,
     email_domain},
}};

struct Place {
  std::string_view country;
  std::string_view currency;
  double latitude;
  double longitude;
};
constexpr std::array<Place, 8> places{{
    {"DE", "EUR", 52.52, 13.405},
    {"FR", "EUR", 48.8566, 2.3522},
    {"GB", "GBP", 51.5074, -0.1278},
    {"ES", "EUR", 40.4168, -3.7038},
    {"IT", "EUR", 41.9028, 12.4964},
    {"PL", "PLN", 52.2297, 21.0122},
    {"NL", "EUR", 52.3676, 4.9041},
    {"US", "USD", 40.7128, -74.006},
}};
constexpr std::array<int, 8> category_codes{5411, 5812, 5999, 4111, 5541, 5732, 7995, 5967};
constexpr std::array<std::string_view, 3> channels{"web", "app", "pos"};
constexpr std::array<std::string_view, 4> domains{"example.org", "example.com", "mail.example.net", "post.example.eu"};
constexpr std::array<std::string_view, 3> agents{
    "Mozilla/5.0 (X11; Linux x86_64) Gecko",
    "Mozilla/5.0 (Windows NT 10.0; Win64)",
    "PaymentsApp/7.4.1 (Android 15)",
};

template <typename... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  std::array<char, 128> text;
  const int length = std::snprintf(text.data(), text.size(), format, arguments...);
  WEIR_CHECK(length >= 0 && static_cast<std::size_t>(length) < text.size());
  return {text.data(), static_cast<std::size_t>(length)};
}

template <typename Choices>
const auto& one_of(const Choices& choices, Random& random) {
  return choices[random.below(choices.size())];
}

std::string quoted(std::string_view name, std::string_view value) {
  std::string text;
  text.reserve(name.size() + value.size() + 5);
  return text.append("\"").append(name).append("\":\"").append(value).append("\"");
}

FieldTexts field_texts(const Payment& payment, Random& random) {
  const Place& home = one_of(places, random);
  const Place& seen = random.chance(0.95) ? home : one_of(places, random);
  FieldTexts texts;
  texts[id] = formatted("\"id\":\"p%012" PRIu64 "\"", payment.id);
  texts[created_at] = formatted("\"created_at\":%" PRId64, payment.created_at_ms);
  texts[card] = quoted("card_id", card_id(payment.card));
  texts[device] = formatted("\"device_id\":\"d%06" PRIu64 "\"", payment.device);
  texts[merchant] = formatted("\"merchant_id\":\"m%05" PRIu64 "\"", payment.merchant);
  texts[account] = formatted("\"account_id\":\"a%07" PRIu64 "\"", payment.card / 2);
  texts[amount] = formatted("\"amount\":%.2f", payment.amount);
  texts[currency] = quoted("currency", home.currency);
  texts[mcc] = formatted("\"mcc\":%d", one_of(category_codes, random));
  texts[card_country] = quoted("card_country", home.country);
  texts[ip_country] = quoted("ip_country", seen.country);
  texts[channel] = quoted("channel", one_of(channels, random));
  texts[approved] = random.chance(0.93) ? "\"approved\":true" : "\"approved\":false";
  texts[geo] =
      formatted("\"geo\":{\"lat\":%.4f,\"lon\":%.4f}", seen.latitude + random.uniform() - 0.5, seen.longitude + random.uniform() - 0.5);
  texts[email_domain] = quoted("email_domain", one_of(domains, random));
  texts[user_agent] = quoted("user_agent", one_of(agents, random));
  return texts;
}

void write_document(const FieldTexts& texts, Random& random, std::string& out) {
  out = "{";
  for (const Field field : one_of(orders, random)) {
    if (texts[field].empty()) continue;
    if (out.size() > 1) out += ',';
    out += texts[field];
  }
  out += '}';
}

}  // namespace

std::string card_id(std::uint64_t card) {
  return formatted("c%07" PRIu64, card);
}

void write_payment(const Payment& payment, Random& random, std::string& out) {
  write_document(field_texts(payment, random), random, out);
}

void write_malformed_payment(const Payment& payment, std::size_t malformation, Random& random, std::string& out) {
  FieldTexts texts = field_texts(payment, random);
  switch (malformation) {
    case 0:  // cut off
      write_document(texts, random, out);
      out.resize(out.size() / 2);
      return;
    case 1:  // text where a number belongs
      texts[amount] = formatted("\"amount\":\"%.2f\"", payment.amount);
      break;
    case 2:
      texts[card].clear();
      break;
    case 3: {  // two documents
      write_document(texts, random, out);
      const std::string first = out;
      out += first;
      return;
    }
    case 4:  // invalid UTF-8
      texts[merchant] = "\"merchant_id\":\"m\xc3\x28\xff\"";
      break;
    case 5:  // not a time
      texts[created_at] = "\"created_at\":\"yesterday\"";
      break;
    case 6:  // more digits than money has
      texts[amount] = formatted("\"amount\":%.2f12345", payment.amount);
      break;
    case 7:  // null where a value is needed
      texts[device] = "\"device_id\":null";
      break;
    case 8:  // not an object
      write_document(texts, random, out);
      out.insert(0, "[");
      out += ']';
      return;
    case 9:  // no number fits
      texts[amount] = "\"amount\":1e400";
      break;
    default:
      WEIR_CHECK(malformation < malformation_count);
  }
  write_document(texts, random, out);
}

}  // namespace weir::fd1
