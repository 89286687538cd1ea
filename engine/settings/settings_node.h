// A config file as a tree of values that know where they stand. Filled by settings_file, read through FieldReader.
#pragma once

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
  std::string text;                    // unquoted, placeholders expanded
  std::string written;                 // before expansion: what diagnostics show
  bool plain = false;                  // without quotes
  bool expanded = false;               // had placeholders
  bool unknown = false;                // a placeholder could not be expanded: already complained about
  std::optional<std::size_t> text_at;  // where text[0] stands in the file, if the text stands there byte for byte

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
  std::optional<std::size_t> text_at;  // see SettingsNode

  // The place of bytes [begin, end) of `text`; the whole scalar where it was written with escapes or placeholders.
  SettingsPlace place_of(SourceSpan within) const {
    if (!text_at) return place;
    return {place.file, {*text_at + within.begin, *text_at + within.end}};
  }
};

}  // namespace weir
