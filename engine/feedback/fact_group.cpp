#include "engine/feedback/fact_group.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace weir {
namespace {

template <typename Visit>
void for_each_row(const RowBlock& rows, Visit visit) {
  for (std::uint64_t bits = rows.rows; bits != 0; bits &= bits - 1)
    visit(rows.block * BitMask::word_bits + static_cast<std::size_t>(std::countr_zero(bits)));
}

bool are_for_some_types(const std::vector<FactSpec>& specs) {
  return std::any_of(specs.begin(), specs.end(), [](const FactSpec& spec) { return spec.read_by != 0; });
}

}  // namespace

FactGroup::FactGroup(std::span<const FactSpec> specs, std::vector<std::uint32_t> facts, std::size_t first_column,
                     const FeedbackLimits& limits)
    : facts_(std::move(facts)), first_column_(first_column), limits_(limits), memory_(std::make_shared<Memory>()) {
  for (const std::uint32_t fact : facts_) specs_.push_back(specs[fact]);
  for_some_types_ = are_for_some_types(specs_);
}

FactGroup::FactGroup(const FactGroup& before, std::span<const FactSpec> specs, std::vector<std::uint32_t> facts, std::size_t first_column)
    : specs_(before.specs_), facts_(std::move(facts)), first_column_(first_column), limits_(before.limits_), memory_(before.memory_) {
  for (std::size_t place = 0; place < facts_.size(); ++place)
    if (facts_[place] != nobodys) specs_[place] = specs[facts_[place]];
  for_some_types_ = are_for_some_types(specs_);
}

void FactGroup::begin(const EventBatch& batch, const BatchKeys& keys, FeatureColumns& out) {
  for (std::size_t place = 0; place < facts_.size(); ++place) {
    if (facts_[place] == nobodys) continue;
    Column& column = out.columns[first_column_ + facts_[place]];
    column.type = specs_[place].type;
    column.scale = specs_[place].scale;
    column.resize(batch.rows);
  }
  settled_.assign(1, {0, memory_->past.settled()});
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (!keys.has(row)) continue;
    memory_->past.see(batch.time().integers[row]);
    if (memory_->past.settled() != settled_.back().second) settled_.emplace_back(row, memory_->past.settled());
    memory_->keys.prefetch_slot(keys.hash(row));
  }
  memory_->ends.settle(settled_.front().second);
}

std::int64_t FactGroup::settled_at(std::size_t row) const {
  auto at = settled_.rbegin();
  while (at->first > row) ++at;
  return at->second;
}

// Of the last fact of a key.
std::int64_t FactGroup::end_of(const Slot* known) const {
  std::int64_t end = EndTimes::never;
  for (std::size_t place = 0; place < facts_.size(); ++place) end = std::max(end, known[place].ends_ms);
  return end;
}

void FactGroup::read(const EventBatch& batch, const BatchKeys& keys, const RowBlock& rows, FeatureColumns& out) const {
  for_each_row(rows, [&](std::size_t row) {
    if (!keys.has(row)) return;
    const NameNumber key = memory_->keys.find(keys.key(row), keys.hash(row));
    if (key == 0) return;
    const std::int64_t time = batch.time().integers[row];
    const Slot* known = slots(key);
    // Only an event that is later than everything in the recent past could see a fact of a key that is over.
    const std::int64_t settled = settled_at(row);
    if (time < settled && EndTimes::is_over(end_of(known), settled)) return;
    for (std::size_t place = 0; place < facts_.size(); ++place) {
      const Slot& slot = known[place];
      if (facts_[place] == nobodys || (slot.ends_ms != EndTimes::endless && time >= slot.ends_ms)) continue;
      if (for_some_types_ && !is_read_by(place, batch.type_of(row))) continue;
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
  if (slot.ends_ms != EndTimes::never && has_name(spec.type)) memory_->texts.release(static_cast<NameNumber>(slot.word));
  slot = {};
}

void FactGroup::write(const EventBatch& batch, const BatchKeys& keys, const FactWrite& write) {
  const auto at = std::find(facts_.begin(), facts_.end(), write.fact);
  if (at == facts_.end() || !keys.has(write.row)) return;
  const auto place = static_cast<std::size_t>(at - facts_.begin());
  const FactSpec& spec = specs_[place];
  NameNumber key = memory_->keys.find(keys.key(write.row), keys.hash(write.row));
  if (write.removes) {
    if (key == 0) return;
    const std::int64_t before = end_of(slots(key));
    drop(slots(key)[place], spec);
    return memory_->ends.move(before, end_of(slots(key)));
  }
  const std::int64_t settled = settled_at(write.row);
  memory_->ends.settle(settled);
  if (key == 0 || EndTimes::is_over(end_of(slots(key)), settled)) key = add_key(keys, write.row, key);
  if (key == 0) return;
  const std::int64_t before = end_of(slots(key));
  Slot& slot = slots(key)[place];
  // The new text first: it may be the one that is held.
  const std::string_view name = spec.type == ValueType::ip ? bytes_of(write.value.address) : write.value.text;
  const std::int64_t word = has_name(spec.type) ? memory_->texts.intern(name, NameTable::hash(name)) : write.value.word;
  drop(slot, spec);
  slot.word = word;
  slot.ends_ms = EndTimes::endless;
  if (write.for_ms > 0 && __builtin_add_overflow(batch.time().integers[write.row], write.for_ms, &slot.ends_ms))
    slot.ends_ms = EndTimes::endless;
  memory_->ends.move(before, end_of(slots(key)));
}

// The number of a key without facts, or 0 at the limit. `known`: its number, if it is over and still has one.
NameNumber FactGroup::add_key(const BatchKeys& keys, std::size_t row, NameNumber known) {
  if (known != 0) drop_all(known);
  if (memory_->ends.keys() >= limits_.fact_keys_max) {
    ++memory_->refused;
    return 0;
  }
  if (known != 0) return known;
  sweep();
  const NameNumber key = memory_->keys.intern(keys.key(row), keys.hash(row));
  memory_->held.resize(key + std::size_t{1});
  memory_->slots.resize((key + std::size_t{1}) * facts_.size());
  memory_->held[key] = 1;
  std::fill_n(slots(key), facts_.size(), Slot{});
  return key;
}

void FactGroup::drop_all(NameNumber key) {
  const std::int64_t before = end_of(slots(key));
  for (std::size_t place = 0; place < facts_.size(); ++place) drop(slots(key)[place], specs_[place]);
  memory_->ends.move(before, EndTimes::never);
}

// Gives the memory of keys that are over back. That changes no answer, so it does not matter which ones are looked at when.
void FactGroup::sweep() {
  const std::size_t numbers = memory_->held.size();
  if (memory_->keys.names() == memory_->ends.keys()) return;
  std::size_t dropped = 0;
  for (std::size_t looks = 0; looks < sweep_looks && dropped < sweep_drops_max && numbers > 0; ++looks) {
    memory_->swept = memory_->swept + 1 < numbers ? memory_->swept + 1 : 0;
    const auto key = static_cast<NameNumber>(memory_->swept);
    if (memory_->held[key] == 0 || !EndTimes::is_over(end_of(slots(key)), settled_.front().second)) continue;
    drop_all(key);
    memory_->keys.release(key);
    memory_->held[key] = 0;
    ++dropped;
  }
}

bool FactGroup::is_near_limit(std::size_t rows) const {
  return memory_->ends.keys() + rows >= limits_.fact_keys_max;  // a row has one key of this kind
}

void FactGroup::add_counters(FeedbackCounters& total) const {
  total.fact_keys += memory_->ends.keys();
  total.bytes += memory_->keys.bytes() + memory_->texts.bytes() + memory_->slots.bytes();
  total.facts_refused += memory_->refused;
}

}  // namespace weir
