// What a key with few events may forget when count windows decide what it keeps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/features/feature_plan.h"
#include "engine/features/ring_view.h"

namespace weir {

// How many of the entries [begin, end), counted from the front, nothing that is still admitted can see once the newest event is
// `advance_ms` younger. Walks over the entries.
std::size_t unneeded_at_front(const KeyGroupPlan& plan, const RingView& ring, std::size_t begin, std::size_t end, std::int64_t newest,
                              std::uint64_t advance_ms);

}  // namespace weir
