// From the path of a config file to checked settings, or to all complaints at once.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/settings/placeholders.h"
#include "engine/settings/service_settings.h"

namespace weir {

// Diagnostics and places in the settings point into `files`.
struct SettingsLoad {
  std::optional<ServiceSettings> settings;  // none if there is an error
  ServiceSettings draft;                    // what could be read, errors or not: enough to check the rules that it names
  Diagnostics diagnostics;
  std::vector<std::unique_ptr<SourceFile>> files;
};

// `overrides` are "a.b=value" as from --set.
SettingsLoad load_service_settings(const std::filesystem::path& path, std::span<const std::string> overrides,
                                   const Environment& environment, const ConnectorKinds& kinds);
// The same for a text that was read already; `path` names it and its folder.
SettingsLoad read_service_settings(std::string text, const std::filesystem::path& path, std::span<const std::string> overrides,
                                   const Environment& environment, const ConnectorKinds& kinds);

// Files and folders that one pattern of `rules.files` is compared with at most: a running service looks again twenty times a second.
constexpr std::size_t glob_entries_max = 20'000;

// The files that `rules.files` stands for, absolute, in the order of the patterns and then of the names, each once. A pattern that matches
// none or has to look at too many entries is an error, a link that leads nowhere a warning.
std::vector<std::filesystem::path> find_rules_files(const ServiceSettings& settings, Diagnostics& diagnostics,
                                                    std::size_t entries_max = glob_entries_max);

// What a config may say, in the order of its declaration.
std::vector<FieldDoc> service_settings_reference(const ConnectorKinds& kinds);

}  // namespace weir
