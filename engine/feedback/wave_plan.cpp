#include "engine/feedback/wave_plan.h"

#include <algorithm>
#include <bit>

namespace weir {

WavePlan::Seen& WavePlan::find(std::uint64_t key) {
  const std::size_t mask = seen_.size() - 1;
  std::size_t at = key & mask;
  while (seen_[at].batch == batch_ && seen_[at].key != key) at = (at + 1) & mask;
  return seen_[at];
}

// Returns the highest wave.
std::uint32_t WavePlan::number_rows(const EventBatch& batch, std::span<const BatchKeys* const> kinds, bool one_by_one) {
  constexpr std::uint64_t kind_step = 0x9e3779b97f4a7c15U;  // tells the kinds apart
  const std::size_t places = std::bit_ceil(2 * batch.rows * std::max<std::size_t>(kinds.size(), 1) + 1);
  if (seen_.size() < places) {
    seen_.assign(places, {});
    batch_ = 0;
  }
  if (++batch_ == 0) {
    std::fill(seen_.begin(), seen_.end(), Seen{});
    batch_ = 1;
  }
  waves_.assign(batch.rows, 0);
  std::uint32_t highest = 0;
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (!batch.active.test(row)) continue;
    std::uint32_t wave = one_by_one ? highest : 0;
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      if (!kinds[kind]->has(row)) continue;
      const Seen& seen = find(kinds[kind]->hash(row) + (kind + 1) * kind_step);
      if (seen.batch == batch_) wave = std::max(wave, seen.wave);
    }
    waves_[row] = ++wave;
    highest = std::max(highest, wave);
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      if (!kinds[kind]->has(row)) continue;
      const std::uint64_t key = kinds[kind]->hash(row) + (kind + 1) * kind_step;
      find(key) = {key, batch_, wave};
    }
  }
  return highest;
}

void WavePlan::cut(const EventBatch& batch, std::span<const BatchKeys* const> kinds, bool one_by_one) {
  const std::uint32_t highest = number_rows(batch, kinds, one_by_one);
  counts_.assign(highest + 2, 0);
  for (const std::uint32_t wave : waves_) ++counts_[wave + 1];
  for (std::uint32_t wave = 1; wave <= highest + 1; ++wave) counts_[wave] += counts_[wave - 1];
  order_.resize(batch.rows);
  for (std::uint32_t row = 0; row < batch.rows; ++row) order_[counts_[waves_[row]]++] = row;
  // counts_[w] is the end of wave w now; those of wave 0 take no part.
  blocks_.clear();
  begins_.clear();
  for (std::uint32_t wave = 1; wave <= highest; ++wave) {
    begins_.push_back(blocks_.size());
    for (std::uint32_t at = counts_[wave - 1]; at < counts_[wave]; ++at) {
      const std::size_t block = order_[at] / BitMask::word_bits;
      if (blocks_.size() == begins_.back() || blocks_.back().block != block) blocks_.push_back({block, 0});
      blocks_.back().rows |= std::uint64_t{1} << (order_[at] % BitMask::word_bits);
    }
  }
  begins_.push_back(blocks_.size());
}

}  // namespace weir
