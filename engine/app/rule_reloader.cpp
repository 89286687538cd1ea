#include "engine/app/rule_reloader.h"

#include <algorithm>
#include <chrono>
#include <pthread.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "engine/app/test_terms.h"
#include "engine/base/counted.h"
#include "rules/testing/run_tests.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto look_every = 50ms;
constexpr auto settled_after = 250ms;  // files that never stop changing are read nevertheless
constexpr int nice_level = 10;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

ReloadResult failure(std::string text, std::string diagnostics = {}) {
  ReloadResult result;
  result.text = std::move(text);
  result.diagnostics = std::move(diagnostics);
  return result;
}

std::string count_of(const Diagnostics& diagnostics) {
  const auto errors =
      std::count_if(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& each) { return each.severity == Severity::error; });
  return counted(static_cast<std::uint64_t>(errors), "error");
}

}  // namespace

RuleReloader::RuleReloader(RuleVersions& versions, RuleSwitch& rules, std::string files_digest, Told told)
    : versions_(versions), rules_(rules), files_digest_(std::move(files_digest)), told_(told) {
  list_paths_ = versions_.configuration().read_paths;
  seen_ = look();
  changing_ = seen_;
}

RuleReloader::~RuleReloader() {
  stop();
}

void RuleReloader::begin_on_kept(std::string text, std::string diagnostics) {
  ReloadResult result = failure(std::move(text), std::move(diagnostics));
  result.origin = "start";
  files_differ_.store(true, std::memory_order_relaxed);
  finish(std::move(result));
}

void RuleReloader::start() {
  thread_ = std::thread([this] { run(); });
}

void RuleReloader::stop() {
  stopping_.store(true, std::memory_order_release);
  wake_.notify();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard guard(mutex_);
  asked_.clear();  // whoever waits is told by a broken promise
}

void RuleReloader::request(const std::string& origin) {
  {
    const std::lock_guard guard(mutex_);
    requested_ = origin;
  }
  wake_.notify();
}

ReloadResult RuleReloader::ask(std::function<ReloadResult()> work) {
  std::future<ReloadResult> answer;
  {
    const std::lock_guard guard(mutex_);
    if (stopping_.load(std::memory_order_acquire)) return failure("the service is ending");
    answer = asked_.emplace_back(std::move(work)).get_future();
  }
  wake_.notify();
  answer.wait();
  // The task is destroyed unfinished when the service ends first.
  if (stopping_.load(std::memory_order_acquire)) return failure("the service is ending");
  return answer.get();
}

ReloadResult RuleReloader::reload(const std::string& origin) {
  return ask([this, origin] { return from_disk(origin); });
}

ReloadResult RuleReloader::activate(std::vector<SourceFile> files, const std::string& origin) {
  return ask([this, origin, texts = std::move(files)]() mutable {
    return finish(bring(versions_.check(std::move(texts)), origin, RulesFrom::request));
  });
}

ReloadResult RuleReloader::rollback(std::uint64_t version) {
  return ask([this, version] {
    Result<RuleCandidate> candidate = versions_.check_again(version);
    if (!candidate) {
      ReloadResult result = failure(candidate.error().text);
      result.origin = fmt::format("rollback to {}", version);
      return finish(std::move(result));
    }
    return finish(bring(candidate.take(), fmt::format("rollback to {}", version), RulesFrom::version));
  });
}

std::optional<ReloadResult> RuleReloader::last() const {
  const std::lock_guard guard(mutex_);
  return last_;
}

void RuleReloader::run() {
  pthread_setname_np(pthread_self(), "reload");
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), nice_level);
  while (!stopping_.load(std::memory_order_acquire)) {
    wake_.wait_until(Clock::now() + look_every);
    std::optional<std::string> origin;
    std::packaged_task<ReloadResult()> task;
    {
      const std::lock_guard guard(mutex_);
      std::swap(origin, requested_);
      if (!asked_.empty()) {
        task = std::move(asked_.front());
        asked_.pop_front();
        if (!asked_.empty()) wake_.notify();
      }
    }
    if (task.valid()) task();
    if (origin) from_disk(*origin);
    if (versions_.configuration().load.settings->rules.reload == RulesReload::on_change) look_at_files();
  }
}

// Names, sizes, times and inodes of all files that the rule set is made of; a file that is saved by renaming another one has a new inode.
std::string RuleReloader::look() const {
  Diagnostics ignored;
  std::string all;
  const auto add = [&all](const std::string& path) {
    struct stat seen {};
    all += path;
    if (::stat(path.c_str(), &seen) == 0)
      all += fmt::format(" {} {}.{} {}", seen.st_size, seen.st_mtim.tv_sec, seen.st_mtim.tv_nsec, seen.st_ino);
    all += '\n';
  };
  for (const std::filesystem::path& path : rules_paths(*versions_.configuration().load.settings, ignored)) add(path.string());
  for (const std::string& path : list_paths_) add(path);
  return all;
}

// Files are read once they look the same twice, so that what is still being written is not taken for a mistake.
void RuleReloader::look_at_files() {
  std::string now = look();
  if (now == seen_) {
    changing_ = std::move(now);
    return;
  }
  if (changing_ == seen_) changed_at_ = Clock::now();
  const bool settled = now == changing_ || Clock::now() - changed_at_ > settled_after;
  changing_ = std::move(now);
  if (settled) from_disk("file change");
}

ReloadResult RuleReloader::from_disk(const std::string& origin) {
  // Looked at before it is read: what changes in between is seen as changed afterwards.
  const std::string before = look();
  RuleCandidate candidate;
  Diagnostics diagnostics;
  std::vector<SourceFile> files = read_rules_files(rules_paths(*versions_.configuration().load.settings, diagnostics), diagnostics);
  if (has_errors(diagnostics)) {
    candidate.set = std::make_unique<CheckedSet>();
    candidate.set->diagnostics = std::move(diagnostics);
  } else {
    candidate = versions_.check(std::move(files));
    std::vector<Diagnostic>& all = candidate.set->diagnostics;
    all.insert(all.begin(), diagnostics.begin(), diagnostics.end());
  }
  if (!candidate.set->read_paths.empty() || candidate.usable()) list_paths_ = candidate.set->read_paths;
  // The same files in another list of paths look different only by name: the next look is compared with this one.
  seen_ = before;
  const std::string again = look();
  if (again.starts_with(before)) seen_ = again;
  changing_ = seen_;
  return finish(bring(std::move(candidate), origin, RulesFrom::disk));
}

ReloadResult RuleReloader::bring(RuleCandidate candidate, const std::string& origin, RulesFrom from) {
  const bool from_disk = from == RulesFrom::disk;
  const Clock::time_point begun = Clock::now();
  const auto tell = [&](ReloadResult result) {
    result.origin = origin;
    result.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count();
    // The copies of files that did not come into force would add up with each try.
    if (result.outcome != ReloadResult::Outcome::switched) versions_.trim(rules_.versions_in_use());
    return result;
  };
  CheckedSet& set = *candidate.set;
  if (!candidate.usable())
    return tell(failure(fmt::format("the rules have {}", count_of(set.diagnostics)), render(set.diagnostics, false)));
  if (from_disk) files_digest_ = RuleVersions::digest_of(candidate.files);
  ReloadResult result;
  // Tests are no part of a version: whoever saves one that fails wants to know, also where the rules are those in force.
  const TestVerdict verdict = judge_by_tests(*set.rules, test_terms(set, versions_.settings()), reload_tests_time_max,
                                             [this] { return stopping_.load(std::memory_order_acquire); });
  if (!verdict.failures.empty()) return tell(failure(verdict.failures_text(), render(verdict.failures, false)));
  if (verdict.not_run > 0 && stopping_.load(std::memory_order_acquire)) return tell(failure("the service is ending"));
  // Who goes back to what was in force before may be in a hurry.
  if (verdict.not_run > 0 && from != RulesFrom::version)
    return tell(failure(fmt::format("the rules' tests take longer than {} s: {} passed, {} were not run",
                                    std::chrono::duration_cast<std::chrono::seconds>(reload_tests_time_max).count(), verdict.passed,
                                    verdict.not_run)));
  if (candidate.hash == rules_.status().hash) {
    result.outcome = ReloadResult::Outcome::unchanged;
    result.text = "the rules say what is in force already";
    if (from_disk) {
      files_differ_.store(false, std::memory_order_relaxed);
      if (const Status noted = rules_.note_files(files_digest_); !noted) result.diagnostics = noted.error().text;
    }
    return tell(std::move(result));
  }
  Result<CompiledVersion> made = versions_.make(candidate, origin);
  if (!made) return tell(failure(made.error().text));
  const std::uint64_t number = made.value().number;
  if (const Status published = rules_.publish(made.take(), files_digest_); !published)
    return tell(failure("version " + std::to_string(number) + " could not be put in force: " + published.error().text));
  files_differ_.store(!from_disk, std::memory_order_relaxed);
  versions_.trim(rules_.versions_in_use());
  result.outcome = ReloadResult::Outcome::switched;
  result.text = fmt::format("version {} is in force ({} rules, hash {})", number, set.rules->rules.size(), candidate.hash);
  if (!set.diagnostics.empty()) result.diagnostics = render(set.diagnostics, false);
  return tell(std::move(result));
}

ReloadResult RuleReloader::finish(ReloadResult result) {
  result.version = rules_.status().version;
  result.at_ms = wall_ms();
  attempts_.fetch_add(1, std::memory_order_relaxed);
  {
    const std::lock_guard guard(mutex_);
    result.after_failure = last_ && last_->outcome == ReloadResult::Outcome::failed;
    last_ = result;
  }
  if (told_ != nullptr) told_(result);
  return result;
}

}  // namespace weir
