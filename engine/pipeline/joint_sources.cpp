#include "engine/pipeline/joint_sources.h"

#include <utility>

#include "engine/pipeline/source_links.h"

namespace weir {

JointSources::JointSources(std::function<bool(std::size_t)> is_joint, std::function<void(const std::vector<std::size_t>&)> forget)
    : is_joint_(std::move(is_joint)), forget_(std::move(forget)) {}

void JointSources::add_source() {
  const std::lock_guard guard(mutex_);
  sources_.push_back({});
}

void JointSources::come(std::size_t source) {
  std::unique_lock lock(mutex_);
  if (!sources_[source].is_here) emptied_.wait(lock, [&] { return !stale_ || ending_ || !is_joint_(source); });
  sources_[source].is_here = true;
}

void JointSources::go(std::size_t source) {
  const std::lock_guard guard(mutex_);
  sources_[source] = {};
  if (!is_joint_(source)) return forget_({source});
  std::vector<std::size_t> all{joint_keeper};
  bool others_here = false;
  for (std::size_t other = 0; other < sources_.size(); ++other) {
    if (!is_joint_(other)) continue;
    all.push_back(other);
    if (!sources_[other].is_here) continue;
    others_here = true;
    sources_[other].wants_anew = !ending_;
  }
  stale_ = others_here && !ending_;
  if (others_here) return;
  forget_(all);
  emptied_.notify_all();
}

bool JointSources::wants_anew(std::size_t source) const {
  const std::lock_guard guard(mutex_);
  return sources_[source].wants_anew && !ending_;
}

void JointSources::end() {
  const std::lock_guard guard(mutex_);
  ending_.store(true, std::memory_order_release);
  emptied_.notify_all();
}

}  // namespace weir
