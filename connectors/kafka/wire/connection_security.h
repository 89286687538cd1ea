// What it takes to be let in by a broker: TLS, a login, or both.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace weir::wire {

struct SslContextFree {
  void operator()(ssl_ctx_st* context) const;
};
struct SslFree {
  void operator()(ssl_st* ssl) const;
};
using SslContext = std::unique_ptr<ssl_ctx_st, SslContextFree>;
using Ssl = std::unique_ptr<ssl_st, SslFree>;

// PEM files. Without `ca`, the system's authorities are trusted.
struct TlsFiles {
  std::optional<std::string> ca;
  std::optional<std::string> certificate;
  std::optional<std::string> key;
  std::optional<std::string> key_password;
  bool verify_hostname = true;
};

enum class LoginMechanism : std::uint8_t { plain, scram_sha_256, scram_sha_512 };

struct LoginSettings {
  LoginMechanism mechanism = LoginMechanism::plain;
  std::string username;
  std::string password;
};

// Shared by the connections of all lanes, which only read it.
class ConnectionSecurity {
 public:
  // Reads the files. Errors name the file, never what is in it.
  static Result<std::shared_ptr<const ConnectionSecurity>> open(const std::optional<TlsFiles>& tls, std::optional<LoginSettings> login);

  bool encrypts() const { return context_ != nullptr; }
  // The client's side of a TLS connection to `host` over `socket`, which stays the caller's. Null where memory ends.
  Ssl begin_tls(std::string_view host, int socket) const;
  const std::optional<LoginSettings>& login() const { return login_; }

 private:
  SslContext context_;
  bool verify_hostname_ = true;
  std::optional<LoginSettings> login_;
};

// Why the last call for `ssl` failed, for people.
std::string tls_failure(ssl_st* ssl);

}  // namespace weir::wire
