// Files that are either whole or not there: what recovery writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace weir {

// XXH3, 64 bits, as 16 hexadecimal digits.
std::string checksum_of(std::string_view bytes);

// Writes a file beside `path`, syncs it, puts it in place of `path` and syncs the folder. A crash leaves the old content or the new one.
Status replace_file(const std::filesystem::path& path, std::string_view bytes);

// Appends and syncs. On an error the file may hold any part of `bytes`.
Status append_to_file(int file, const std::filesystem::path& path, std::string_view bytes);

Result<std::string> read_whole_file(const std::filesystem::path& path);

// Durable as well: the new entry survives a crash.
Status make_folder(const std::filesystem::path& path);

// Words on a line: everything but letters, digits and a few signs as %XX, so that a word holds neither blanks nor line ends.
std::string as_word(std::string_view text);
std::string from_word(std::string_view word);

}  // namespace weir
