// The 50 rules of FD-1 in Weir's rule language.
#pragma once

#include <string>

#include "bench/fd1/oracle.h"

namespace weir::fd1 {

// The whole rules file: event, features, rules, policy.
std::string rules_text(Variant variant);

}  // namespace weir::fd1
