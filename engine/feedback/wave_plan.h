// Cuts a batch into waves: rows of one wave share no key that rules write and read, so they can be judged together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/event/batch.h"
#include "engine/event/feedback_spec.h"
#include "engine/feedback/batch_keys.h"

namespace weir {

// A row's wave is one more than the highest wave of any earlier row that shares one of its keys, kind by kind. So everything that a row can
// read was written before its wave, and nothing that it must not see yet was. Two keys whose hashes are equal count as one, which costs a
// wave and changes nothing. One thread; keeps its memory.
class WavePlan {
 public:
  // `one_by_one`: each row is a wave of its own.
  void cut(const EventBatch& batch, std::span<const BatchKeys* const> kinds, bool one_by_one);

  std::size_t size() const { return begins_.empty() ? 0 : begins_.size() - 1; }
  // Its rows, by block, ascending.
  std::span<const RowBlock> wave(std::size_t index) const {
    return std::span(blocks_).subspan(begins_[index], begins_[index + 1] - begins_[index]);
  }

 private:
  struct Seen {
    std::uint64_t key = 0;
    std::uint32_t batch = 0;  // number of the batch that wrote this place; another one: free
    std::uint32_t wave = 0;
  };

  std::uint32_t number_rows(const EventBatch& batch, std::span<const BatchKeys* const> kinds, bool one_by_one);
  Seen& find(std::uint64_t key);

  std::vector<Seen> seen_;
  std::uint32_t batch_ = 0;
  std::vector<std::uint32_t> waves_;  // by row, from 1 on; 0: not active
  std::vector<std::uint32_t> counts_;
  std::vector<std::uint32_t> order_;  // rows by wave
  std::vector<RowBlock> blocks_;
  std::vector<std::size_t> begins_;  // of each wave in `blocks_`, and the end
};

}  // namespace weir
