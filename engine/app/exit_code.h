// How the process ends. Documented in the README; scripts depend on the numbers.
#pragma once

namespace weir::exit_code {

constexpr int fine = 0;
constexpr int found_something = 1;  // a check or a test
constexpr int usage = 64;
constexpr int drain_timed_out = 69;
constexpr int unavailable = 69;  // no service runs where one was asked for
constexpr int internal = 70;
constexpr int bad_configuration = 78;

}  // namespace weir::exit_code
