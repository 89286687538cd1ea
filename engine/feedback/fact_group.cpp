#include "engine/feedback/fact_group.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace weir {
namespace {

constexpr std::uint64_t refusals_between_sweeps = 65'536;

template <typename Visit>
void for_each_row(const RowBlock& rows, Visit visit) {
  for (std::uint64_t bits = rows.rows; bits != 0; bits &= bits - 1)
    visit(rows.block * BitMask::word_bits + static_cast<std::size_t>(std::countr_zero(bits)));
}

}  // namespace

FactGroup::FactGroup(std::span<const FactSpec> specs, std::vector<std::uint32_t> facts, std::size_t first_column,
                     const FeedbackLimits& limits)
    : facts_(std::move(facts)), first_column_(first_column), limits_(limits) {
  for (const std::uint32_t fact : facts_) specs_.push_back(specs[fact]);
}

void FactGroup::begin(const EventBatch& batch, const BatchKeys& keys, FeatureColumns& out) {
  for (std::size_t place = 0; place < facts_.size(); ++place) {
    Column& column = out.columns[first_column_ + facts_[place]];
    column.type = specs_[place].type;
    column.scale = specs_[place].scale;
    column.resize(batch.rows);
  }
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (!keys.has(row)) continue;
    past_.see(batch.time().integers[row]);
    keys_.prefetch_slot(keys.hash(row));
  }
}

void FactGroup::read(const EventBatch& batch, const BatchKeys& keys, const RowBlock& rows, FeatureColumns& out) const {
  for_each_row(rows, [&](std::size_t row) {
    if (!keys.has(row)) return;
    const NameNumber key = keys_.find(keys.key(row), keys.hash(row));
    if (key == 0) return;
    const std::int64_t time = batch.time().integers[row];
    const Slot* known = slots(key);
    for (std::size_t place = 0; place < facts_.size(); ++place) {
      const Slot& slot = known[place];
      if (slot.ends_ms != endless && time >= slot.ends_ms) continue;
      Column& column = out.columns[first_column_ + facts_[place]];
      column.present.set(row);
      if (column.type == ValueType::boolean) {
        if (slot.word != 0) column.bits.set(row);
      } else if (column.type == ValueType::floating) {
        column.floats[row] = std::bit_cast<double>(slot.word);
      } else if (column.type == ValueType::string) {
        column.strings[row] = out.arena.copy(texts_.text(static_cast<NameNumber>(slot.word)));
      } else {
        column.integers[row] = slot.word;
      }
    }
  });
}

void FactGroup::drop(Slot& slot, const FactSpec& spec) {
  if (slot.ends_ms != never && spec.type == ValueType::string) texts_.release(static_cast<NameNumber>(slot.word));
  slot = {};
}

void FactGroup::write(const EventBatch& batch, const BatchKeys& keys, const FactWrite& write) {
  const auto at = std::lower_bound(facts_.begin(), facts_.end(), write.fact);
  if (at == facts_.end() || *at != write.fact || !keys.has(write.row)) return;
  const auto place = static_cast<std::size_t>(at - facts_.begin());
  const FactSpec& spec = specs_[place];
  const std::uint64_t hash = keys.hash(write.row);
  NameNumber key = keys_.find(keys.key(write.row), hash);
  if (write.removes) {
    if (key != 0) drop(slots(key)[place], spec);
    return;
  }
  if (key == 0) {
    if (keys_.names() >= sweep_at_ || (keys_.names() >= limits_.fact_keys_max && refused_ % refusals_between_sweeps == 0)) sweep();
    if (keys_.names() >= limits_.fact_keys_max) {
      ++refused_;
      return;
    }
    key = keys_.intern(keys.key(write.row), hash);
    if (held_.size() <= key) {
      held_.resize(key + 1, false);
      slots_.resize((key + std::size_t{1}) * facts_.size());
    }
    held_[key] = true;
  }
  Slot& slot = slots(key)[place];
  // The new text first: it may be the one that is held.
  const std::int64_t word =
      spec.type == ValueType::string ? texts_.intern(write.value.text, NameTable::hash(write.value.text)) : write.value.word;
  drop(slot, spec);
  slot.word = word;
  slot.ends_ms = endless;
  if (write.for_ms > 0 && __builtin_add_overflow(batch.time().integers[write.row], write.for_ms, &slot.ends_ms)) slot.ends_ms = endless;
}

// Looks at every key, so it is not done again before as many more have come.
void FactGroup::sweep() {
  const std::int64_t past = past_.begin();
  for (NameNumber key = 1; key < held_.size(); ++key) {
    if (!held_[key]) continue;
    Slot* known = slots(key);
    if (!std::all_of(known, known + facts_.size(), [past](const Slot& slot) { return slot.ends_ms != endless && slot.ends_ms <= past; }))
      continue;
    for (std::size_t place = 0; place < facts_.size(); ++place) drop(known[place], specs_[place]);
    keys_.release(key);
    held_[key] = false;
  }
  sweep_at_ = std::max(sweep_at_first, 2 * keys_.names());
}

bool FactGroup::is_near_limit(std::size_t rows) const {
  return keys_.names() + rows >= limits_.fact_keys_max;  // a row has one key of this kind
}

void FactGroup::add_counters(FeedbackCounters& total) const {
  total.fact_keys += keys_.names();
  total.bytes += keys_.bytes() + texts_.bytes() + slots_.capacity() * sizeof(Slot);
  total.facts_refused += refused_;
}

}  // namespace weir
