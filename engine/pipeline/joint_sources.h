// What sources feed together goes when the shards that fed it are gone; sources that are still there then begin anew as well.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

namespace weir {

// A source whose shards go and come back replays their events. What it had fed alone is emptied in between; but what it fed together with
// another source holds that one's events too, so the other one gives its shards back and replays them as well. Called from the sources'
// control threads, which may wait for each other here: one that waits holds no shards. Lanes never come here.
class JointSources {
 public:
  // `is_joint` says of a source whether it feeds something together with others, now or under an earlier rule set; `forget` empties what
  // the given keepers (sources and joint_keeper) keep, and returns when that is done.
  JointSources(std::function<bool(std::size_t source)> is_joint, std::function<void(const std::vector<std::size_t>& keepers)> forget);

  void add_source();  // before its shards come

  // A shard of the source is about to be assigned: waits until what earlier ones fed is emptied.
  void come(std::size_t source);
  // The source's last shard is gone.
  void go(std::size_t source);
  // The source shall give its shards back and take them anew.
  bool wants_anew(std::size_t source) const;
  // Shards that go from now on do not come back.
  void end();
  bool is_ending() const { return ending_.load(std::memory_order_acquire); }  // any thread

 private:
  struct Source {
    bool is_here = false;  // has shards
    bool wants_anew = false;
  };

  std::function<bool(std::size_t)> is_joint_;
  std::function<void(const std::vector<std::size_t>&)> forget_;
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  std::vector<Source> sources_;
  bool stale_ = false;  // holds events of shards that are gone
  std::atomic<bool> ending_{false};
};

}  // namespace weir
