#include "engine/settings/load_service_settings.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fstream>
#include <glob.h>
#include <set>
#include <utility>

#include <sys/stat.h>

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

struct Matches {
  std::vector<std::filesystem::path> files;
  std::vector<std::filesystem::path> dangling;  // links that lead nowhere
  bool too_many = false;                        // entries were passed over: glob_entries_max
};

// glob() reads folders through these, so that a pattern over a whole file system ends soon: the reloader looks at it again and again.
thread_local std::size_t entries_left = 0;
thread_local bool entries_ended = false;

void* open_folder(const char* name) {
  return entries_ended ? nullptr : static_cast<void*>(opendir(name));
}

dirent* read_entry(void* folder) {
  dirent* const entry = entries_ended ? nullptr : readdir(static_cast<DIR*>(folder));
  if (entry == nullptr) return nullptr;
  if (entries_left == 0) {
    entries_ended = true;
    return nullptr;
  }
  --entries_left;
  return entry;
}

void close_folder(void* folder) {
  closedir(static_cast<DIR*>(folder));
}

Matches matches_of(const std::string& pattern, std::size_t entries_max) {
  Matches found;
  glob_t matches{};
  matches.gl_opendir = open_folder;
  matches.gl_readdir = read_entry;
  matches.gl_closedir = close_folder;
  matches.gl_stat = ::stat;
  matches.gl_lstat = ::lstat;
  entries_left = entries_max;
  entries_ended = false;
  if (glob(pattern.c_str(), GLOB_ALTDIRFUNC, nullptr, &matches) == 0) {
    for (std::size_t index = 0; index < matches.gl_pathc; ++index) {
      const std::filesystem::path path = matches.gl_pathv[index];
      std::error_code error;
      const std::filesystem::file_type type = std::filesystem::status(path, error).type();
      if (type == std::filesystem::file_type::regular) found.files.push_back(path);
      const bool nowhere = type == std::filesystem::file_type::not_found || error == std::errc::too_many_symbolic_link_levels;
      if (nowhere && std::filesystem::is_symlink(path, error)) found.dangling.push_back(path);
    }
  }
  found.too_many = entries_ended;
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
    failed.diagnostics.push_back(unreadable(path, "it is a folder without a weir.yaml"));
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

std::vector<std::filesystem::path> find_rules_files(const ServiceSettings& settings, Diagnostics& diagnostics, std::size_t entries_max) {
  std::vector<std::filesystem::path> files;
  std::set<std::filesystem::path> known;
  for (std::size_t index = 0; index < settings.rules.files.size(); ++index) {
    const std::string& pattern = settings.rules.files[index];
    const SettingsPlace& place = settings.rules.file_places[index];
    const Matches found = matches_of((settings.folder / pattern).lexically_normal().string(), entries_max);
    if (found.too_many) {
      diagnostics.push_back(
          config_diagnostic(config_error::out_of_range, place,
                            "`" + pattern + "` walks through more than " + std::to_string(entries_max) + " files and folders",
                            "looked in " + settings.folder.string(), {"name the folder that holds the rules files"}));
      continue;
    }
    for (const std::filesystem::path& link : found.dangling) {
      diagnostics.push_back(config_diagnostic(config_error::no_such_file, place, "`" + link.string() + "` is a link that leads nowhere",
                                              "matched by this pattern", {"mend or remove the link: the rules behind it are not read"}));
      diagnostics.back().severity = Severity::warning;
    }
    if (found.files.empty()) {
      diagnostics.push_back(config_diagnostic(config_error::no_such_file, place, "`" + pattern + "` matches no file",
                                              "looked in " + settings.folder.string()));
    }
    for (const std::filesystem::path& path : found.files)
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
