// Starter folders, built into the binary from config/templates/.
#pragma once

#include <span>
#include <string_view>

namespace weir {

struct StarterFile {
  std::string_view folder;  // "card-payments"
  std::string_view path;    // inside of it: "rules/card_payments.rules"
  std::string_view text;
};

// Sorted by folder.
std::span<const StarterFile> starter_files();

}  // namespace weir
