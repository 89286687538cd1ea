#include "engine/app/rule_versions.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/app/kept_rules.h"
#include "engine/app/signals.h"
#include "engine/app/test_terms.h"
#include "engine/recovery/durable_file.h"
#include "rules/evaluate/rule_set.h"
#include "rules/language/limits.h"
#include "rules/testing/run_tests.h"

namespace weir {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Result<std::unique_ptr<RuleVersions>> RuleVersions::open(Configuration& configuration, const std::filesystem::path& folder) {
  Result<VersionStore> store = VersionStore::open(folder);
  if (!store) return store.error();
  return std::unique_ptr<RuleVersions>(new RuleVersions(configuration, folder, store.take()));
}

std::string RuleVersions::digest_of(const std::vector<KeptFile>& files) {
  std::string all;
  for (const KeptFile& file : files) all += (file.kind == KeptFile::Kind::rules ? "rules " : "list ") + file.content + '\n';
  return checksum_of(all);
}

Result<StartingRules> RuleVersions::start() {
  StartingRules starting;
  Result<std::unique_ptr<EpochLog>> log = EpochLog::open(folder_ / "epochs.log");
  if (!log) return log.error();
  starting.log = log.take();
  const std::optional<ActiveVersion> last = starting.log->active();
  if (configuration_.kept) {
    starting.files_digest = last ? last->files_digest : std::string();
    Result<CompiledVersion> kept = compile(configuration_, configuration_.kept->version, configuration_.kept->hash);
    if (!kept) return kept.error();
    starting.version = kept.take();
  } else if (Status started = start_on_files(last, starting); !started) {
    return started.error();
  }
  EpochChanges changes;
  changes.active = ActiveVersion{starting.version.number, starting.files_digest};
  if (last != changes.active)
    if (Status noted = starting.log->append(changes); !noted) return noted.error();
  return starting;
}

Result<std::vector<KeptFile>> RuleVersions::keep_files() {
  std::vector<KeptFile> files;
  for (const SourceFile& file : configuration_.rules_files) {
    Result<std::string> content = store_.contents().keep(file.text);
    if (!content) return content.error();
    files.push_back({KeptFile::Kind::rules, file.path, content.take(), file.text.size()});
  }
  for (const std::string& path : configuration_.read_paths)
    if (std::filesystem::exists(path))
      if (Status kept = keep(path, KeptFile::Kind::list, files); !kept) return kept.error();
  return files;
}

Status RuleVersions::start_on_files(const std::optional<ActiveVersion>& last, StartingRules& starting) {
  Result<std::vector<KeptFile>> files = keep_files();
  if (!files) return files.error();
  starting.files_digest = digest_of(files.value());
  const std::string hash = RuleSet::hash(*configuration_.rules);
  const RuleVersion* in_force = last ? store_.find(last->version) : nullptr;
  const bool files_are_new = in_force == nullptr || last->files_digest != starting.files_digest;
  const bool goes_on = in_force != nullptr && (!files_are_new || in_force->hash == hash);
  TestVerdict verdict;
  if (!goes_on) verdict = judge_by_tests(*configuration_.rules, test_terms(configuration_, settings()), start_tests_time_max, end_is_asked);
  if (verdict.not_run > 0 && end_is_asked()) return Error{ErrorKind::interrupted, "a signal ended the start while the rules' tests ran"};
  starting.tests_passed = verdict.passed;
  starting.tests_not_run = verdict.not_run;
  Result<CompiledVersion> made = !verdict.failures.empty() ? Error{ErrorKind::configuration, verdict.failures_text()}
                                 : !goes_on                ? begin_version(hash, files.take())
                                 : in_force->hash == hash  ? compile(configuration_, in_force->number, hash)
                                                           : rebuild(in_force->number);
  if (!made && !goes_on) {
    Error refusal = made.error();
    starting.refused = refusal.text;
    starting.refused_diagnostics = render(verdict.failures, false);
    starting.files_digest = last ? last->files_digest : std::string();
    const RuleVersion* before = version_of_before(store_, last);
    if (before != nullptr) made = rebuild(before->number);
    if (!made) {
      if (!starting.refused_diagnostics.empty()) refusal.text += '\n' + starting.refused_diagnostics;
      return refusal;
    }
  }
  if (!made) return made.error();
  starting.version = made.take();
  return success();
}

Result<CompiledVersion> RuleVersions::begin_version(const std::string& hash, std::vector<KeptFile> files) {
  const RuleVersion version{store_.next_number(), hash, now_ms(), "start", std::move(files)};
  Result<CompiledVersion> made = compile(configuration_, version.number, hash);
  if (!made) return made;
  if (Status added = store_.add(version); !added) return added.error();
  return made;
}

Status RuleVersions::keep(const std::string& path, KeptFile::Kind kind, std::vector<KeptFile>& files) {
  Result<std::string> content = store_.contents().keep_file(path);
  if (!content) return content.error();
  std::error_code missing;
  const std::uintmax_t bytes = std::filesystem::file_size(store_.contents().path_of(content.value()), missing);
  files.push_back({kind, path, content.take(), missing ? 0 : bytes});
  return success();
}

RuleCandidate RuleVersions::check(std::vector<SourceFile> texts) {
  RuleCandidate candidate;
  candidate.set = std::make_unique<CheckedSet>();
  candidate.set->rules_files = std::move(texts);
  for (const SourceFile& file : candidate.set->rules_files) {
    if (file.text.size() > limits::rules_file_bytes_max) continue;  // refused in a moment
    Result<std::string> content = store_.contents().keep(file.text);
    if (content) candidate.files.push_back({KeptFile::Kind::rules, file.path, content.take(), file.text.size()});
  }
  CheckOptions options = check_options_of_today(settings().rules);
  // Lists are read from the copies that are kept, so that what is checked is what a restart will build, whoever writes to the files now.
  options.locate = [this, &candidate](const std::string& path) {
    std::vector<KeptFile>& files = candidate.files;
    const auto is_this = [&path](const KeptFile& file) { return file.kind == KeptFile::Kind::list && file.path == path; };
    auto file = std::find_if(files.begin(), files.end(), is_this);
    if (file == files.end()) {
      std::error_code missing;
      if (!std::filesystem::is_regular_file(path, missing) || std::filesystem::file_size(path, missing) > limits::list_file_bytes_max)
        return path;
      if (!keep(path, KeptFile::Kind::list, files)) return path;
      file = std::prev(files.end());
    }
    return store_.contents().path_of(file->content).string();
  };
  check_set(*candidate.set, settings(), std::move(options));
  if (candidate.usable()) candidate.hash = RuleSet::hash(*candidate.set->rules);
  return candidate;
}

Result<RuleCandidate> RuleVersions::check_again(std::uint64_t number) const {
  RuleCandidate candidate;
  {
    const std::lock_guard guard(mutex_);
    const RuleVersion* version = store_.find(number);
    if (version == nullptr) return Error{ErrorKind::configuration, store_.missing_text(number)};
    candidate.files = version->files;
    candidate.hash = version->hash;
  }
  candidate.set = std::make_unique<CheckedSet>();
  const RuleVersion version{number, candidate.hash, 0, {}, candidate.files};
  if (Status kept = check_kept(store_.contents(), version, settings(), *candidate.set); !kept) return kept.error();
  return candidate;
}

Result<CompiledVersion> RuleVersions::compile(const CheckedSet& set, std::uint64_t number, const std::string& hash) const {
  CompiledVersion compiled;
  compiled.number = number;
  compiled.links = set.links;
  for (const SourceSettings& source : settings().sources) compiled.types.push_back(record_types(set.rules->event, source));
  for (const ExpressionIndex filter : set.filters) {
    RuleSetOptions options;
    if (filter != no_expression) options.filter = filter;
    for (const ExpressionIndex route : set.routes)
      if (route != no_expression) options.routes.push_back(route);
    options.every_feature_is_read = writes_all_features(settings());
    options.version = number;
    options.hash = hash;
    auto scorer = RuleSet::compile(*set.rules, options);
    if (!scorer) return scorer.error();
    if (Status fulfilled = demand_(*scorer.value()); !fulfilled) return fulfilled.error();
    compiled.scorers.push_back(scorer.take());
  }
  return compiled;
}

Result<CompiledVersion> RuleVersions::make(const RuleCandidate& candidate, const std::string& origin) {
  RuleVersion version{0, candidate.hash, now_ms(), origin, candidate.files};
  {
    const std::lock_guard guard(mutex_);
    version.number = store_.next_number();
  }
  Result<CompiledVersion> compiled = compile(*candidate.set, version.number, version.hash);
  if (!compiled) return compiled;
  const std::lock_guard guard(mutex_);
  if (Status added = store_.add(version); !added) return added.error();
  return compiled;
}

Result<CompiledVersion> RuleVersions::rebuild(std::uint64_t number) const {
  Result<RuleCandidate> candidate = check_again(number);
  if (!candidate) return candidate.error();
  if (!candidate.value().usable())
    return Error{ErrorKind::configuration, "version " + std::to_string(number) + " of the rules does not check any more:\n" +
                                               render(candidate.value().set->diagnostics, false)};
  return compile(*candidate.value().set, number, candidate.value().hash);
}

void RuleVersions::trim(std::set<std::uint64_t> needed) {
  const std::lock_guard guard(mutex_);
  store_.trim(needed, settings().rules.versions_kept);
}

std::vector<RuleVersion> RuleVersions::list() const {
  const std::lock_guard guard(mutex_);
  std::vector<RuleVersion> all;
  for (const auto& [number, version] : store_.versions()) all.push_back(version);
  return all;
}

}  // namespace weir
