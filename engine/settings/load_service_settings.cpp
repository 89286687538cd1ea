#include "engine/settings/load_service_settings.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <glob.h>
#include <set>
#include <utility>

#include "engine/settings/config_errors.h"
#include "engine/settings/overrides.h"
#include "engine/settings/secret_mask.h"
#include "engine/settings/settings_file.h"

namespace weir {
namespace {

Diagnostic unreadable(const std::filesystem::path& path, const std::string& why) {
  return config_diagnostic(config_error::unreadable, {}, "cannot read the config file `" + path.string() + "`: " + why);
}

// Complaints about a place that is not there any more say nothing new.
bool has_code(const Diagnostics& diagnostics, std::string_view code) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [&](const Diagnostic& each) { return each.code == code; });
}

std::vector<std::filesystem::path> matches_of(const std::string& pattern) {
  std::vector<std::filesystem::path> found;
  glob_t matches{};
  if (glob(pattern.c_str(), 0, nullptr, &matches) == 0)
    for (std::size_t index = 0; index < matches.gl_pathc; ++index)
      if (std::error_code error; std::filesystem::is_regular_file(matches.gl_pathv[index], error))
        found.emplace_back(matches.gl_pathv[index]);
  globfree(&matches);
  return found;
}

}  // namespace

SettingsLoad read_service_settings(std::string text, const std::filesystem::path& path, std::span<const std::string> overrides,
                                   const Environment& environment, const ConnectorKinds& kinds) {
  SettingsLoad load;
  load.files.push_back(std::make_unique<SourceFile>(SourceFile{path.string(), std::move(text)}));
  SourceFile& file = *load.files.front();
  SettingsNode tree = parse_settings(file, load.diagnostics);
  const bool parsed = !has_code(load.diagnostics, config_error::syntax) && !has_code(load.diagnostics, config_error::too_large);
  // What was dropped from the tree can only be found by its line.
  if (!load.diagnostics.empty()) mask_secret_lines(file);
  apply_overrides(tree, overrides, load.files, load.diagnostics);
  for (const std::unique_ptr<SourceFile>& each : load.files) mask_secrets(tree, *each);
  if (!parsed) return load;

  ServiceSettings settings;
  settings.folder = std::filesystem::absolute(path).parent_path();
  expand_placeholders(tree, environment, settings.folder, load.diagnostics);
  if (tree.kind == SettingsNode::Kind::nothing) {
    tree.kind = SettingsNode::Kind::mapping;
    tree.place = {&file, {0, 0}};
  }
  FieldReader fields(tree, "", settings.folder, load.diagnostics);
  if (tree.kind != SettingsNode::Kind::mapping) {
    fields.complain_type("the config", tree, "a group of settings", {"begin with `version: 1`"});
    return load;
  }
  describe(fields, settings, kinds);
  fields.finish();
  if (kinds.link != nullptr) kinds.link(settings, load.diagnostics);
  load.draft = std::move(settings);
  if (!has_errors(load.diagnostics)) load.settings = load.draft;
  return load;
}

SettingsLoad load_service_settings(const std::filesystem::path& path, std::span<const std::string> overrides,
                                   const Environment& environment, const ConnectorKinds& kinds) {
  SettingsLoad failed;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    failed.diagnostics.push_back(unreadable(path, "it is a folder"));
    return failed;
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) {
    failed.diagnostics.push_back(unreadable(path, std::strerror(errno)));
    return failed;
  }
  // One byte more than is allowed, so that the limit can be judged; never more.
  std::string text(settings_file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return read_service_settings(std::move(text), path, overrides, environment, kinds);
}

std::vector<std::filesystem::path> find_rules_files(const ServiceSettings& settings, Diagnostics& diagnostics) {
  std::vector<std::filesystem::path> files;
  std::set<std::filesystem::path> known;
  for (std::size_t index = 0; index < settings.rules.files.size(); ++index) {
    const std::string& pattern = settings.rules.files[index];
    const std::vector<std::filesystem::path> found = matches_of((settings.folder / pattern).lexically_normal().string());
    if (found.empty()) {
      diagnostics.push_back(config_diagnostic(config_error::no_such_file, settings.rules.file_places[index],
                                              "`" + pattern + "` matches no file", "looked in " + settings.folder.string()));
    }
    for (const std::filesystem::path& path : found)
      if (known.insert(path).second) files.push_back(path);
  }
  return files;
}

std::vector<FieldDoc> service_settings_reference(const ConnectorKinds& kinds) {
  std::vector<FieldDoc> docs;
  FieldReader fields(docs);
  ServiceSettings settings;
  describe(fields, settings, kinds);
  return docs;
}

}  // namespace weir
