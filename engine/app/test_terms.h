// How a config treats the events of its rules' tests.
#pragma once

#include "engine/app/configuration.h"
#include "rules/testing/test_lane.h"

namespace weir {

// The filters, limits and policies of the sources. Where several bring events of one type, the first one's filter counts. Adds to the
// expressions of `set.rules`, which are there.
TestTerms test_terms(CheckedSet& set, const ServiceSettings& settings);

LatePolicy late_policy(LateThen then);

}  // namespace weir
