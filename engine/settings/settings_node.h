// A config file as a tree of values that know where they stand. Filled by settings_file, read through FieldReader.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostic.h"

namespace weir {

// Where something was written.
struct SettingsPlace {
  const SourceFile* file = nullptr;
  SourceSpan span;
};

struct SettingsEntry;

struct SettingsNode {
  enum class Kind : std::uint8_t { nothing, scalar, sequence, mapping };

  Kind kind = Kind::nothing;
  SettingsPlace place;
  // Scalars:
  std::string text;                   // unquoted, placeholders expanded
  std::string written;                // before expansion: what diagnostics show
  bool plain = false;                 // without quotes
  bool expanded = false;              // had placeholders
  bool unknown = false;               // a placeholder could not be expanded: already complained about
  std::vector<std::size_t> lines_at;  // where each line of the text begins in the file; empty unless all stand there byte for byte

  std::vector<SettingsNode> items;     // sequences
  std::vector<SettingsEntry> entries;  // mappings, in the order of the file, without duplicates

  const SettingsEntry* find(std::string_view key) const;
  SettingsEntry* find(std::string_view key);
};

struct SettingsEntry {
  std::string key;
  SettingsPlace key_place;
  SettingsNode value;
};

inline const SettingsEntry* SettingsNode::find(std::string_view key) const {
  for (const SettingsEntry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

inline SettingsEntry* SettingsNode::find(std::string_view key) {
  for (SettingsEntry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

// A text whose characters matter (an expression): diagnostics about parts of it can point into the config file.
struct LocatedText {
  std::string text;
  SettingsPlace place;
  std::vector<std::size_t> lines_at;  // see SettingsNode
  bool expanded = false;              // holds values of placeholders: complaints about it must not quote it

  // The place of bytes [begin, end) of `text`; the whole scalar where it was written with escapes or placeholders.
  SettingsPlace place_of(SourceSpan within) const {
    if (lines_at.empty()) return place;
    const std::size_t begin = file_offset(within.begin);
    return {place.file, {begin, begin + (within.end - within.begin)}};
  }

 private:
  std::size_t file_offset(std::size_t at) const {
    const std::string_view before = std::string_view(text).substr(0, at);
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    if (line >= lines_at.size()) return place.span.end;
    return lines_at[line] + (at - (line == 0 ? 0 : before.rfind('\n') + 1));
  }
};

}  // namespace weir
