// Numbers of things, as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// "1 lane", "3 lanes", "2 switches".
inline std::string counted(std::uint64_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " " + std::string(noun);
  if (count != 1) text += noun.ends_with("ch") ? "es" : "s";
  return text;
}

}  // namespace weir
