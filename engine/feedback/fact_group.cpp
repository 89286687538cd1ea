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
    : facts_(std::move(facts)), first_column_(first_column), limits_(limits), memory_(std::make_shared<Memory>()) {
  for (const std::uint32_t fact : facts_) specs_.push_back(specs[fact]);
}

FactGroup::FactGroup(const FactGroup& before, std::span<const FactSpec> specs, std::vector<std::uint32_t> facts, std::size_t first_column)
    : specs_(before.specs_), facts_(std::move(facts)), first_column_(first_column), limits_(before.limits_), memory_(before.memory_) {
  for (std::size_t place = 0; place < facts_.size(); ++place)
    if (facts_[place] != nobodys) specs_[place] = specs[facts_[place]];
}

void FactGroup::begin(const EventBatch& batch, const BatchKeys& keys, FeatureColumns& out) {
  for (std::size_t place = 0; place < facts_.size(); ++place) {
    if (facts_[place] == nobodys) continue;
    Column& column = out.columns[first_column_ + facts_[place]];
    column.type = specs_[place].type;
    column.scale = specs_[place].scale;
    column.resize(batch.rows);
  }
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (!keys.has(row)) continue;
    memory_->past.see(batch.time().integers[row]);
    memory_->keys.prefetch_slot(keys.hash(row));
  }
}

void FactGroup::read(const EventBatch& batch, const BatchKeys& keys, const RowBlock& rows, FeatureColumns& out) const {
  for_each_row(rows, [&](std::size_t row) {
    if (!keys.has(row)) return;
    const NameNumber key = memory_->keys.find(keys.key(row), keys.hash(row));
    if (key == 0) return;
    const std::int64_t time = batch.time().integers[row];
    const Slot* known = slots(key);
    for (std::size_t place = 0; place < facts_.size(); ++place) {
      const Slot& slot = known[place];
      if (facts_[place] == nobodys || (slot.ends_ms != endless && time >= slot.ends_ms)) continue;
      Column& column = out.columns[first_column_ + facts_[place]];
      column.present.set(row);
      if (column.type == ValueType::boolean) {
        if (slot.word != 0) column.bits.set(row);
      } else if (column.type == ValueType::floating) {
        column.floats[row] = std::bit_cast<double>(slot.word);
      } else if (column.type == ValueType::string) {
        column.strings[row] = out.arena.copy(memory_->texts.text(static_cast<NameNumber>(slot.word)));
      } else if (column.type == ValueType::ip) {
        std::memcpy(&column.addresses[row], memory_->texts.text(static_cast<NameNumber>(slot.word)).data(), sizeof(IpAddress));
      } else {
        column.integers[row] = slot.word;
      }
    }
  });
}

void FactGroup::drop(Slot& slot, const FactSpec& spec) {
  if (slot.ends_ms != never && has_name(spec.type)) memory_->texts.release(static_cast<NameNumber>(slot.word));
  slot = {};
}

void FactGroup::write(const EventBatch& batch, const BatchKeys& keys, const FactWrite& write) {
  const auto at = std::find(facts_.begin(), facts_.end(), write.fact);
  if (at == facts_.end() || !keys.has(write.row)) return;
  const auto place = static_cast<std::size_t>(at - facts_.begin());
  const FactSpec& spec = specs_[place];
  const std::uint64_t hash = keys.hash(write.row);
  NameNumber key = memory_->keys.find(keys.key(write.row), hash);
  if (write.removes) {
    if (key != 0) drop(slots(key)[place], spec);
    return;
  }
  if (key == 0) {
    if (memory_->keys.names() >= memory_->sweep_at ||
        (memory_->keys.names() >= limits_.fact_keys_max && memory_->refused % refusals_between_sweeps == 0))
      sweep();
    if (memory_->keys.names() >= limits_.fact_keys_max) {
      ++memory_->refused;
      return;
    }
    key = memory_->keys.intern(keys.key(write.row), hash);
    if (memory_->held.size() <= key) {
      memory_->held.resize(key + 1, false);
      memory_->slots.resize((key + std::size_t{1}) * facts_.size());
    }
    memory_->held[key] = true;
  }
  Slot& slot = slots(key)[place];
  // The new text first: it may be the one that is held.
  const std::string_view name = spec.type == ValueType::ip ? bytes_of(write.value.address) : write.value.text;
  const std::int64_t word = has_name(spec.type) ? memory_->texts.intern(name, NameTable::hash(name)) : write.value.word;
  drop(slot, spec);
  slot.word = word;
  slot.ends_ms = endless;
  if (write.for_ms > 0 && __builtin_add_overflow(batch.time().integers[write.row], write.for_ms, &slot.ends_ms)) slot.ends_ms = endless;
}

// Looks at every key, so it is not done again before as many more have come.
void FactGroup::sweep() {
  const std::int64_t past = memory_->past.begin();
  const auto has_ended = [&](const Slot* known, std::size_t place) {
    return facts_[place] == nobodys || (known[place].ends_ms != endless && known[place].ends_ms <= past);
  };
  for (NameNumber key = 1; key < memory_->held.size(); ++key) {
    if (!memory_->held[key]) continue;
    Slot* known = slots(key);
    bool ended = true;
    for (std::size_t place = 0; ended && place < facts_.size(); ++place) ended = has_ended(known, place);
    if (!ended) continue;
    for (std::size_t place = 0; place < facts_.size(); ++place) drop(known[place], specs_[place]);
    memory_->keys.release(key);
    memory_->held[key] = false;
  }
  memory_->sweep_at = std::max(sweep_at_first, 2 * memory_->keys.names());
}

bool FactGroup::is_near_limit(std::size_t rows) const {
  return memory_->keys.names() + rows >= limits_.fact_keys_max;  // a row has one key of this kind
}

void FactGroup::add_counters(FeedbackCounters& total) const {
  total.fact_keys += memory_->keys.names();
  total.bytes += memory_->keys.bytes() + memory_->texts.bytes() + memory_->slots.capacity() * sizeof(Slot);
  total.facts_refused += memory_->refused;
}

}  // namespace weir
