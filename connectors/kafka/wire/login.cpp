#include "connectors/kafka/wire/login.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "connectors/kafka/wire/error_codes.h"
#include "connectors/kafka/wire/request_frame.h"
#include "connectors/kafka/wire/wire_format.h"

namespace weir::wire {
namespace {

constexpr std::int16_t sasl_handshake_api = 17;
constexpr std::int16_t sasl_handshake_version = 1;
constexpr std::int16_t sasl_authenticate_api = 36;
constexpr std::int16_t sasl_authenticate_version = 0;
constexpr std::size_t nonce_bytes = 24;
constexpr int iterations_least = 4096;   // what Kafka demands of itself
constexpr int iterations_max = 100'000;  // a lane waits for them; Kafka itself goes up to 16384

std::string_view name_of(LoginMechanism mechanism) {
  switch (mechanism) {
    case LoginMechanism::plain:
      return "PLAIN";
    case LoginMechanism::scram_sha_256:
      return "SCRAM-SHA-256";
    case LoginMechanism::scram_sha_512:
      return "SCRAM-SHA-512";
  }
  return "";
}

const EVP_MD* digest_of(LoginMechanism mechanism) {
  return mechanism == LoginMechanism::scram_sha_256 ? EVP_sha256() : EVP_sha512();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(bytes_of(bytes), bytes_of(text), static_cast<int>(text.size()));
  if (size < 0) return {};
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string hmac(const EVP_MD* digest, std::string_view key, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), bytes_of(out), &size);
  out.resize(size);
  return out;
}

std::string hash(const EVP_MD* digest, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes_of(out), &size, digest, nullptr);
  out.resize(size);
  return out;
}

// "a=..,b=..": the value of one attribute; values hold no comma.
std::optional<std::string_view> attribute(std::string_view message, char name) {
  while (message.size() >= 2) {
    const std::size_t end = std::min(message.find(','), message.size());
    if (message[0] == name && message[1] == '=') return message.substr(2, end - 2);
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return {};
}

std::string escaped(std::string_view username) {
  std::string out;
  for (const char c : username) {
    if (c == '=') {
      out += "=3D";
    } else if (c == ',') {
      out += "=2C";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

bool Login::fail(std::string why) {
  failure_ = "the login fails: " + std::move(why);
  return false;
}

void Login::write_request(std::string& frame) {
  if (step_ == Step::name_mechanism) {
    begin_request(frame, sasl_handshake_api, sasl_handshake_version, ++correlation_);
    Writer(frame).string(name_of(settings_.mechanism));
  } else {
    begin_request(frame, sasl_authenticate_api, sasl_authenticate_version, ++correlation_);
    const std::string text = message();
    Writer(frame).int32(static_cast<std::int32_t>(text.size()));
    frame.append(text);
  }
  end_request(frame);
}

std::string Login::message() {
  if (step_ == Step::last) return client_last_;
  if (!is_scram()) {
    std::string text(1, '\0');
    text.append(settings_.username).append(1, '\0').append(settings_.password);
    return text;
  }
  if (nonce_.empty()) {
    std::array<unsigned char, nonce_bytes> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return {};  // the broker refuses what is empty
    nonce_ = to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  client_first_ = "n=" + escaped(settings_.username) + ",r=" + nonce_;
  return "n,," + client_first_;
}

bool Login::take_answer(std::string_view bytes) {
  Reader answer(bytes);
  if (answer.int32() != correlation_) return fail("the broker's answer is not understood");
  const auto error = static_cast<ErrorCode>(answer.int16());
  if (step_ == Step::name_mechanism) {
    if (!answer.ok()) return fail("the broker's answer is not understood");
    if (error != ErrorCode::none)
      return fail("the broker does not offer " + std::string(name_of(settings_.mechanism)) + ": " + error_text(error));
    step_ = Step::first;
    return true;
  }
  const std::string said(answer.string());
  const std::string_view message = answer.long_bytes();
  if (!answer.ok()) return fail("the broker's answer is not understood");
  if (error != ErrorCode::none) return fail(said.empty() ? error_text(error) : said);
  if (step_ == Step::last) return take_server_last(message);
  if (is_scram()) return take_server_first(message);
  step_ = Step::done;
  return true;
}

bool Login::take_server_first(std::string_view message) {
  const auto nonce = attribute(message, 'r');
  const auto salt = attribute(message, 's');
  const auto rounds = attribute(message, 'i');
  int iterations = 0;
  if (rounds) std::from_chars(rounds->data(), rounds->data() + rounds->size(), iterations);
  const std::optional<std::string> salt_bytes = salt ? from_base64(*salt) : std::nullopt;
  if (!nonce || !salt_bytes || !nonce->starts_with(nonce_) || nonce->size() == nonce_.size())
    return fail("the broker's part of SCRAM is not understood");
  if (iterations < iterations_least || iterations > iterations_max)
    return fail("SCRAM with " + std::to_string(iterations) + " iterations, the limits are " + std::to_string(iterations_least) + " and " +
                std::to_string(iterations_max));
  const EVP_MD* digest = digest_of(settings_.mechanism);
  std::string salted(static_cast<std::size_t>(EVP_MD_get_size(digest)), '\0');
  if (PKCS5_PBKDF2_HMAC(settings_.password.data(), static_cast<int>(settings_.password.size()), bytes_of(*salt_bytes),
                        static_cast<int>(salt_bytes->size()), iterations, digest, static_cast<int>(salted.size()), bytes_of(salted)) != 1)
    return fail("OpenSSL cannot derive the key");
  std::string client_key = hmac(digest, salted, "Client Key");
  const std::string without_proof = "c=biws,r=" + std::string(*nonce);
  const std::string all = client_first_ + "," + std::string(message) + "," + without_proof;
  const std::string signature = hmac(digest, hash(digest, client_key), all);
  for (std::size_t at = 0; at < client_key.size(); ++at) client_key[at] = static_cast<char>(client_key[at] ^ signature[at]);
  client_last_ = without_proof + ",p=" + to_base64(client_key);
  server_signature_ = hmac(digest, hmac(digest, salted, "Server Key"), all);
  OPENSSL_cleanse(salted.data(), salted.size());
  step_ = Step::last;
  return true;
}

// Whoever does not know the password is not the broker.
bool Login::take_server_last(std::string_view message) {
  const auto verifier = attribute(message, 'v');
  const std::optional<std::string> signature = verifier ? from_base64(*verifier) : std::nullopt;
  if (!signature || signature->size() != server_signature_.size() ||
      CRYPTO_memcmp(signature->data(), server_signature_.data(), server_signature_.size()) != 0)
    return fail("the broker does not prove that it knows the password");
  step_ = Step::done;
  return true;
}

}  // namespace weir::wire
