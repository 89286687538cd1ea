// What a running service answers on its local socket.
#pragma once

#include <chrono>

#include "engine/app/build_service.h"
#include "engine/control/admin_socket.h"

namespace weir {

// Any thread, while the service runs. Verbs: status, reload, rules ls | show N | diff A B | rollback N, activate; "json" as the last word
// asks for JSON.
class AdminAnswers {
 public:
  AdminAnswers(BuiltService& built, std::string config) : built_(built), config_(std::move(config)) {}

  AdminAnswer operator()(const AdminRequest& request) const;

 private:
  AdminAnswer status(bool json) const;
  AdminAnswer reload(bool json) const;
  AdminAnswer list(bool json) const;
  std::uint64_t before(std::uint64_t number) const;
  AdminAnswer with_files(AdminAnswer answer, bool json) const;
  AdminAnswer show(const std::string& number, bool json) const;
  AdminAnswer diff(const std::string& from, const std::string& to, bool json) const;
  AdminAnswer rollback(const std::string& number, bool json) const;
  AdminAnswer activate(const AdminRequest& request, bool json) const;

  BuiltService& built_;
  std::string config_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace weir
