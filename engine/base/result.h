// Result<T>: a value or an Error, for boundaries where something outside can fail.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "engine/base/check.h"

namespace weir {

enum class ErrorKind {
  retryable,      // the outside, for a while: back off and try again
  fatal,          // the outside, for good: stop what depends on it and say what to do
  configuration,  // what a person wrote: exit 78
  interrupted,    // a signal asks for the end
};

struct Error {
  ErrorKind kind = ErrorKind::fatal;
  std::string text;  // the thing, the value, the limit, the hint
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() {
    WEIR_CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const {
    WEIR_CHECK(ok());
    return std::get<0>(state_);
  }
  T take() {
    WEIR_CHECK(ok());
    return std::move(std::get<0>(state_));
  }
  const Error& error() const {
    WEIR_CHECK(!ok());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

struct Nothing {};
using Status = Result<Nothing>;
inline Status success() {
  return Status(Nothing{});
}

}  // namespace weir
