#include "engine/app/kept_rules.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/counted.h"

namespace weir {
namespace {

// An error where it cannot be read: which set decided what is not known then, and nothing runs on a guess.
Result<std::optional<ActiveVersion>> active_version(const std::filesystem::path& folder) {
  std::error_code missing;
  const std::filesystem::path path = folder / "epochs.log";
  if (!std::filesystem::exists(path, missing)) return std::optional<ActiveVersion>();
  const Result<std::unique_ptr<EpochLog>> log = EpochLog::open(path);
  if (!log) return log.error();
  return log.value()->active();
}

std::string errors_text(const Diagnostics& diagnostics) {
  const auto errors =
      std::count_if(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& each) { return each.severity == Severity::error; });
  return "the rules files have " + counted(static_cast<std::uint64_t>(errors), "error");
}

}  // namespace

const RuleVersion* version_of_before(const VersionStore& store, const std::optional<ActiveVersion>& active) {
  if (active) return store.find(active->version);
  return store.versions().empty() ? nullptr : &store.versions().rbegin()->second;
}

Status check_kept(const ContentStore& contents, const RuleVersion& version, const ServiceSettings& settings, CheckedSet& set) {
  for (const KeptFile& file : version.files) {
    if (file.kind == KeptFile::Kind::rules) {
      Result<std::string> text = contents.read(file.content);
      if (!text) return text.error();
      set.rules_files.push_back({file.path, text.take()});
    } else if (const Status whole = contents.verify(file.content); !whole) {
      return whole.error();
    }
  }
  CheckOptions options;
  options.locate = [&contents, &version](const std::string& path) {
    for (const KeptFile& file : version.files)
      if (file.kind == KeptFile::Kind::list && file.path == path) return contents.path_of(file.content).string();
    return contents.path_of("absent").string();
  };
  check_set(set, settings, std::move(options));
  return success();
}

std::unique_ptr<Configuration> with_kept_rules(Configuration& broken) {
  if (!broken.load.settings) return nullptr;
  const std::filesystem::path folder = broken.load.settings->state.dir / "rules";
  std::error_code missing;
  if (!std::filesystem::is_directory(folder / "versions", missing)) return nullptr;
  const Result<VersionStore> store = VersionStore::open(folder);
  if (!store) return nullptr;
  const Result<std::optional<ActiveVersion>> active = active_version(folder);
  if (!active) return nullptr;
  const RuleVersion* version = version_of_before(store.value(), active.value());
  if (version == nullptr) return nullptr;
  KeptStart start{version->number, version->hash, errors_text(broken.diagnostics), render(broken.diagnostics, false)};
  auto kept = std::make_unique<Configuration>();
  if (!check_kept(store.value().contents(), *version, *broken.load.settings, *kept)) return nullptr;
  if (!kept->rules || has_errors(kept->diagnostics)) return nullptr;
  kept->diagnostics.clear();  // warnings that were told when the version came into force
  // The files that are missing or wrong are looked at too: the service waits for them.
  for (std::string& path : broken.read_paths)
    if (std::find(kept->read_paths.begin(), kept->read_paths.end(), path) == kept->read_paths.end()) kept->read_paths.push_back(path);
  kept->load = std::move(broken.load);
  kept->kept = std::move(start);
  return kept;
}

}  // namespace weir
