// Gives every (source, topic, partition) of the service its dense number, once.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "engine/event/record.h"

namespace weir {

// Any thread. One for the whole service; numbers are given out in the order of asking, from 0 on, and never taken back.
class ShardNumbers {
 public:
  ShardIndex number(const ShardName& name) {
    const std::lock_guard lock(mutex_);
    return numbers_.try_emplace({name.source, name.topic, name.partition}, static_cast<ShardIndex>(numbers_.size())).first->second;
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return numbers_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::int32_t>, ShardIndex> numbers_;
};

}  // namespace weir
