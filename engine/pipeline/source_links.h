// How sources depend on each other, where rules are about events of several types and these come through several sources.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace weir {

// Keepers of windows beside the sources, which have the numbers from 0 on.
constexpr std::size_t own_source = std::numeric_limits<std::size_t>::max();
constexpr std::size_t joint_keeper = own_source - 1;  // all sources that feed something together

// Without links each source feeds its own.
struct SourceLinks {
  std::vector<std::size_t> fed_by;  // by feature: the source whose events it is made of, joint_keeper, or own_source; empty: all own_source
  std::vector<bool> joint;          // by source: it feeds features, facts or patterns that others feed too; empty: none does

  // Some source reads what another one feeds.
  bool any() const { return !fed_by.empty() || !joint.empty(); }
  bool is_joint(std::size_t source) const { return source < joint.size() && joint[source]; }
  std::size_t keeper_of(std::size_t feature, std::size_t source) const {
    return feature >= fed_by.size() || fed_by[feature] == own_source ? source : fed_by[feature];
  }
};

}  // namespace weir
