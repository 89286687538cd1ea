// The keys of one kind (`by card_id`) of all rows of a batch, with their hashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/event/batch.h"
#include "engine/features/key_encoder.h"
#include "engine/features/name_table.h"

namespace weir {

// Filled once a batch; what it hands out is valid until the next. One thread.
class BatchKeys {
 public:
  explicit BatchKeys(std::vector<ColumnIndex> by) : by_(std::move(by)) {}

  const std::vector<ColumnIndex>& by() const { return by_; }

  void read(const EventBatch& batch) {
    KeyEncoder encoder(by_);
    bytes_.clear();
    places_.resize(batch.rows);
    hashes_.resize(batch.rows);
    whole_.assign(batch.rows, false);
    plain_ = encoder.is_plain(batch) ? &batch.columns[by_[0]] : nullptr;
    for (std::size_t row = 0; row < batch.rows; ++row) {
      if (!batch.active.test(row)) continue;
      if (plain_ != nullptr) {
        if (!plain_->present.test(row)) continue;
      } else {
        encoder.clear();
        if (!encoder.encode(batch, row)) continue;
        places_[row] = {static_cast<std::uint32_t>(bytes_.size()), encoder.size()};
        bytes_.append(encoder.view(0, encoder.size()));
      }
      whole_.set(row);
      hashes_[row] = NameTable::hash(key(row));
    }
  }

  // False where a part is missing, or the row is not active: such a row has no key.
  bool has(std::size_t row) const { return whole_.test(row); }
  std::string_view key(std::size_t row) const {
    return plain_ != nullptr ? plain_->strings[row] : bytes_.view(places_[row].begin, places_[row].size);
  }
  std::uint64_t hash(std::size_t row) const { return hashes_[row]; }

 private:
  struct Place {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };

  std::vector<ColumnIndex> by_;
  const Column* plain_ = nullptr;
  ByteBuffer bytes_;
  std::vector<Place> places_;
  std::vector<std::uint64_t> hashes_;
  BitMask whole_;
};

}  // namespace weir
