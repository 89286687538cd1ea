#include "engine/settings/overrides.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/settings/config_errors.h"
#include "engine/settings/secret_mask.h"
#include "engine/settings/settings_file.h"

namespace weir {
namespace {

constexpr std::size_t path_parts_max = settings_depth_max;

// `a."b.c".d` in its parts; none where a part is empty or a quote is not closed.
std::optional<std::vector<std::string>> path_parts(std::string_view path) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char character : path) {
    if (character == '"') {
      quoted = !quoted;
    } else if (character == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += character;
    }
  }
  const bool empty_part = std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); });
  if (quoted || empty_part || parts.size() > path_parts_max) return std::nullopt;
  return parts;
}

void put(SettingsNode& tree, std::span<const std::string> parts, const SettingsPlace& place, SettingsNode value) {
  SettingsNode* group = &tree;
  for (std::size_t index = 0;; ++index) {
    if (group->kind != SettingsNode::Kind::mapping) {
      *group = SettingsNode{};
      group->kind = SettingsNode::Kind::mapping;
      group->place = place;
    }
    const bool last = index + 1 == parts.size();
    if (last && value.kind == SettingsNode::Kind::nothing) {
      std::erase_if(group->entries, [&](const SettingsEntry& entry) { return entry.key == parts[index]; });
      return;
    }
    SettingsEntry* entry = group->find(parts[index]);
    if (entry == nullptr) entry = &group->entries.emplace_back(SettingsEntry{parts[index], place, {}});
    if (last) {
      entry->key_place = place;
      entry->value = std::move(value);
      return;
    }
    group = &entry->value;
  }
}

}  // namespace

void apply_overrides(SettingsNode& tree, std::span<const std::string> overrides, std::vector<std::unique_ptr<SourceFile>>& files,
                     Diagnostics& diagnostics) {
  for (const std::string& written : overrides) {
    const std::size_t equals = written.find('=');
    const std::string path = written.substr(0, equals);
    files.push_back(std::make_unique<SourceFile>());
    SourceFile& file = *files.back();
    const std::optional<std::vector<std::string>> parts = path_parts(path);
    if (equals == std::string::npos || !parts) {
      file.path = "--set";
      file.text = path;  // what is behind the `=` may be a secret
      diagnostics.push_back(config_diagnostic(config_error::bad_override, {&file, {0, path.size()}},
                                              "`--set " + path + "` is not of the form `a.b=value`", "",
                                              {"for example `--set log.level=debug`"}));
      continue;
    }
    file.path = "--set " + path;
    file.text = written.substr(equals + 1);
    const std::size_t before = diagnostics.size();
    SettingsNode value = parse_settings(file, diagnostics);
    if (diagnostics.size() > before) {
      if (names_secret(parts->back())) std::fill(file.text.begin(), file.text.end(), '*');
      continue;
    }
    put(tree, *parts, {&file, {0, file.text.size()}}, std::move(value));
  }
}

}  // namespace weir
