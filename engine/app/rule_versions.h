// Rule sets as versions: from files, or from what is kept on disk, to what lanes can run.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/app/configuration.h"
#include "engine/base/result.h"
#include "engine/control/rule_switch.h"
#include "engine/recovery/epoch_log.h"
#include "engine/recovery/version_store.h"

namespace weir {

// A rule set that was read and checked, with copies of all its files in the store. `set->diagnostics` says what is wrong with it.
struct RuleCandidate {
  std::unique_ptr<CheckedSet> set;
  std::vector<KeptFile> files;
  std::string hash;  // of the rule set; empty where it does not check

  bool usable() const { return set->rules && !has_errors(set->diagnostics); }
};

// A start waits for tests that long; those that are not through by then are not run.
constexpr std::chrono::milliseconds start_tests_time_max{30'000};
constexpr std::chrono::milliseconds reload_tests_time_max{300'000};  // rules whose tests take longer do not come into force

// What a service starts with.
struct StartingRules {
  std::unique_ptr<EpochLog> log;
  CompiledVersion version;
  std::string files_digest;  // of what is on disk now
  // Why the files, which check, could not be put in force, so that `version` is the one of before, and that in full. Empty: they are.
  std::string refused;
  std::string refused_diagnostics;
  // Of the tests of files that were not in force before.
  std::size_t tests_passed = 0;
  std::size_t tests_not_run = 0;
};

// `check` and `make` from one control thread; the rest from any.
class RuleVersions {
 public:
  // `configuration` is usable() and outlives it; `folder` is where versions and epochs are kept.
  static Result<std::unique_ptr<RuleVersions>> open(Configuration& configuration, const std::filesystem::path& folder);

  // What every compiled set must fulfil, before anything else is called.
  void demand(std::function<Status(const Scorer& scorer)> demand) { demand_ = std::move(demand); }

  // The set that was in force when the service ended, unless the files have changed since; then those, as a new version. Where the files
  // are broken (`Configuration::kept`), fail their own tests, or cannot be compiled, what was in force goes on.
  Result<StartingRules> start();

  RuleCandidate check(std::vector<SourceFile> files);
  // The files of an older version, checked again.
  Result<RuleCandidate> check_again(std::uint64_t number) const;
  // Numbers the candidate, durable, and compiles it.
  Result<CompiledVersion> make(const RuleCandidate& candidate, const std::string& origin);
  Result<CompiledVersion> rebuild(std::uint64_t number) const;
  void trim(std::set<std::uint64_t> needed);

  std::vector<RuleVersion> list() const;
  const ServiceSettings& settings() const { return *configuration_.load.settings; }
  // The text of a kept file, for people.
  Result<std::string> text_of(const KeptFile& file) const { return store_.contents().read(file.content); }
  const Configuration& configuration() const { return configuration_; }

  // The same for the same contents in the same order, wherever the files lie.
  static std::string digest_of(const std::vector<KeptFile>& files);

 private:
  RuleVersions(Configuration& configuration, std::filesystem::path folder, VersionStore store)
      : configuration_(configuration), folder_(std::move(folder)), store_(std::move(store)) {}

  Result<std::vector<KeptFile>> keep_files();
  Status start_on_files(const std::optional<ActiveVersion>& last, StartingRules& starting);
  Result<CompiledVersion> begin_version(const std::string& hash, std::vector<KeptFile> files);
  Status keep(const std::string& path, KeptFile::Kind kind, std::vector<KeptFile>& files);
  Result<CompiledVersion> compile(const CheckedSet& set, std::uint64_t number, const std::string& hash) const;

  Configuration& configuration_;  // tests add to its expressions
  std::filesystem::path folder_;
  std::function<Status(const Scorer& scorer)> demand_ = [](const Scorer&) { return success(); };
  mutable std::mutex mutex_;  // the store's table of versions
  VersionStore store_;
};

}  // namespace weir
