// Reload: watches the rules files, and brings what they say into force when it checks, compiles and passes its own tests.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/app/rule_versions.h"
#include "engine/base/wake_signal.h"
#include "engine/control/rule_switch.h"

namespace weir {

struct ReloadResult {
  enum class Outcome : std::uint8_t { switched, unchanged, failed } outcome = Outcome::failed;
  std::uint64_t version = 0;  // in force afterwards
  std::string origin;         // "file change", "signal", ...
  std::string text;           // one sentence
  std::string diagnostics;    // of a failure, in full; of a success its warnings
  std::int64_t at_ms = 0;
  std::int64_t took_ms = 0;
  bool after_failure = false;  // the attempt before had failed
};

// Has a thread of low priority that does all the work; lanes feel nothing of it but the switch itself. Other calls from any thread.
class RuleReloader {
 public:
  using Told = void (*)(const ReloadResult& result);

  // `told`: of every attempt that is more than a look, on the reloader's thread.
  RuleReloader(RuleVersions& versions, RuleSwitch& rules, std::string files_digest, Told told);
  ~RuleReloader();

  // The service has started on another rule set than that of the files, which are broken. Before `start`.
  void begin_on_kept(std::string text, std::string diagnostics);
  void start();
  void stop();

  // Soon; several that come while one is at work are one.
  void request(const std::string& origin);
  // Wait for the result.
  ReloadResult reload(const std::string& origin);
  ReloadResult activate(std::vector<SourceFile> files, const std::string& origin);
  ReloadResult rollback(std::uint64_t version);

  std::optional<ReloadResult> last() const;
  std::uint64_t attempts() const { return attempts_.load(std::memory_order_relaxed); }
  // The files on disk say something else than what is in force, by a rollback or an activation; the next change of a file wins.
  bool files_differ() const { return files_differ_.load(std::memory_order_relaxed); }

 private:
  void run();
  ReloadResult ask(std::function<ReloadResult()> work);
  void look_at_files();
  std::string look() const;
  ReloadResult from_disk(const std::string& origin);
  enum class RulesFrom : std::uint8_t { disk, request, version };
  ReloadResult bring(RuleCandidate candidate, const std::string& origin, RulesFrom from);
  ReloadResult finish(ReloadResult result);

  RuleVersions& versions_;
  RuleSwitch& rules_;
  std::string files_digest_;
  Told told_;
  std::string seen_;      // how the files looked when they were last read
  std::string changing_;  // how they looked a moment ago
  std::chrono::steady_clock::time_point changed_at_;
  std::vector<std::string> list_paths_;
  std::atomic<std::uint64_t> attempts_{0};
  std::atomic<bool> files_differ_{false};
  std::atomic<bool> stopping_{false};
  WakeSignal wake_;
  std::thread thread_;

  mutable std::mutex mutex_;
  std::deque<std::packaged_task<ReloadResult()>> asked_;
  std::optional<std::string> requested_;
  std::optional<ReloadResult> last_;
};

}  // namespace weir
