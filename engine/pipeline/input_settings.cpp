#include "engine/pipeline/input_settings.h"

#include <numeric>

namespace weir {

std::vector<FeatureIndex> held_features(std::size_t count) {
  std::vector<FeatureIndex> all(count);
  std::iota(all.begin(), all.end(), FeatureIndex{0});
  return all;
}

}  // namespace weir
