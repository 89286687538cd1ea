#include "connectors/kafka/wire/connection_security.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

namespace weir::wire {
namespace {

// Records are at most 16 KiB; several are read from the socket at once.
constexpr std::size_t read_ahead_bytes = std::size_t{128} * 1024;

std::string newest_error() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

Error file_error(std::string_view what, const std::string& path) {
  return {ErrorKind::configuration, std::string(what) + " of `" + path + "` cannot be used: " + newest_error()};
}

// OpenSSL's own way to a socket raises SIGPIPE where the other side is gone.
int write_quietly(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = send(static_cast<int>(BIO_get_fd(bio, nullptr)), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && BIO_sock_should_retry(-1) != 0) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

const BIO_METHOD* quiet_socket() {
  static const BIO_METHOD* const method = [] {
    const BIO_METHOD* usual = BIO_s_socket();
    BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    if (made == nullptr) return usual;
    BIO_meth_set_write(made, write_quietly);
    BIO_meth_set_read(made, BIO_meth_get_read(usual));
    BIO_meth_set_puts(made, BIO_meth_get_puts(usual));
    BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(usual));
    BIO_meth_set_create(made, BIO_meth_get_create(usual));
    BIO_meth_set_destroy(made, BIO_meth_get_destroy(usual));
    return static_cast<const BIO_METHOD*>(made);
  }();
  return method;
}

int give_password(char* to, int bytes_max, int, void* password) {
  const std::string* text = static_cast<const std::string*>(password);
  if (text == nullptr || text->size() > static_cast<std::size_t>(bytes_max)) return -1;
  std::memcpy(to, text->data(), text->size());
  return static_cast<int>(text->size());
}

Status load(ssl_ctx_st* context, const TlsFiles& files) {
  if (files.ca) {
    if (SSL_CTX_load_verify_file(context, files.ca->c_str()) != 1) return file_error("the authorities", *files.ca);
  } else {
    SSL_CTX_set_default_verify_paths(context);
  }
  if (files.certificate && SSL_CTX_use_certificate_chain_file(context, files.certificate->c_str()) != 1)
    return file_error("the certificate", *files.certificate);
  if (files.key) {
    std::string password = files.key_password.value_or("");
    SSL_CTX_set_default_passwd_cb(context, give_password);  // without it, OpenSSL asks on the terminal
    SSL_CTX_set_default_passwd_cb_userdata(context, files.key_password ? &password : nullptr);
    const bool loaded = SSL_CTX_use_PrivateKey_file(context, files.key->c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    if (!loaded) return file_error("the key", *files.key);
  }
  return success();
}

}  // namespace

void SslContextFree::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}
void SslFree::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

Result<std::shared_ptr<const ConnectionSecurity>> ConnectionSecurity::open(const std::optional<TlsFiles>& tls,
                                                                           std::optional<LoginSettings> login) {
  auto made = std::make_shared<ConnectionSecurity>();
  made->login_ = std::move(login);
  if (tls) {
    made->verify_hostname_ = tls->verify_hostname;
    made->context_.reset(SSL_CTX_new(TLS_client_method()));
    ssl_ctx_st* context = made->context_.get();
    if (context == nullptr) return Error{ErrorKind::fatal, "TLS cannot be set up: " + newest_error()};
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    // A request that did not fit is gone on with from where it stands, by then perhaps in other pieces.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);  // answers have a length: none can be cut off unnoticed
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, read_ahead_bytes);
    if (const Status loaded = load(context, *tls); !loaded) return loaded.error();
  }
  return std::shared_ptr<const ConnectionSecurity>(std::move(made));
}

Ssl ConnectionSecurity::begin_tls(std::string_view host, int socket) const {
  Ssl ssl(SSL_new(context_.get()));
  BIO* bio = BIO_new(quiet_socket());
  if (ssl == nullptr || bio == nullptr) {
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_fd(bio, socket, BIO_NOCLOSE);
  SSL_set_bio(ssl.get(), bio, bio);  // its own now
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string name(host);
  if (verify_hostname_ && SSL_set1_host(ssl.get(), name.c_str()) != 1) return nullptr;
  // Servers are told whom we mean, unless it is a bare address.
  const bool bare = name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
  if (!bare && SSL_set_tlsext_host_name(ssl.get(), name.c_str()) != 1) return nullptr;
  SSL_set_connect_state(ssl.get());
  return ssl;
}

std::string tls_failure(ssl_st* ssl) {
  const long verified = SSL_get_verify_result(ssl);
  std::string text = newest_error();
  if (verified != X509_V_OK) text = std::string("the broker's certificate is not accepted: ") + X509_verify_cert_error_string(verified);
  return "TLS: " + text;
}

}  // namespace weir::wire
