#include "engine/feedback/pattern_group.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "engine/base/check.h"

namespace weir {
namespace {

constexpr std::size_t own_event = ~std::size_t{0};  // in place of a remembered one
constexpr std::size_t kept_columns_max = 64;

bool holds_at(const EventBatch& batch, ColumnIndex index, std::size_t row) {
  const Column& column = batch.columns[index];
  return column.present.test(row) && column.bits.test(row);
}

template <typename Value>
bool compare(Comparison comparison, const Value& own, const Value& earlier) {
  switch (comparison) {
    case Comparison::equal:
      return own == earlier;
    case Comparison::not_equal:
      return own != earlier;
    case Comparison::less:
      return own < earlier;
    case Comparison::less_equal:
      return own <= earlier;
    case Comparison::greater:
      return own > earlier;
    case Comparison::greater_equal:
      return own >= earlier;
  }
  return false;
}

}  // namespace

PatternGroup::PatternGroup(const PatternSpec& spec, std::size_t column, const FeedbackLimits& limits)
    : PatternGroup(spec, column, limits, std::make_shared<Memory>()) {}

PatternGroup::PatternGroup(const PatternGroup& before, const PatternSpec& spec, std::size_t column)
    : PatternGroup(spec, column, before.limits_, before.memory_) {}

PatternGroup::PatternGroup(const PatternSpec& spec, std::size_t column, const FeedbackLimits& limits, std::shared_ptr<Memory> memory)
    : spec_(spec),
      column_(column),
      limits_(limits),
      admit_ms_(spec.within_ms + limits.late_allowed_ms),
      retain_ms_(2 * spec.within_ms + limits.late_allowed_ms),
      tests_(spec.steps.size()),
      referred_(spec.steps.size(), false),
      memory_(std::move(memory)),
      chosen_(spec.steps.size(), own_event) {
  const auto keep = [this](ColumnIndex source, ValueType type) {
    for (std::uint32_t index = 0; index < kept_.size(); ++index)
      if (kept_[index].source == source) return index;
    kept_.push_back({source, type});
    return static_cast<std::uint32_t>(kept_.size() - 1);
  };
  for (std::size_t step = 0; step < spec_.steps.size(); ++step) {
    for (const StepComparison& comparison : spec_.steps[step].comparisons) {
      referred_[comparison.step] = true;
      tests_[step].push_back({comparison.comparison, comparison.type, comparison.step, keep(comparison.own, comparison.type),
                              keep(comparison.earlier, comparison.type)});
    }
  }
  WEIR_CHECK(kept_.size() <= kept_columns_max);
  own_words_.resize(kept_.size());
}

// By the columns that are kept of an event and their order, wherever they are in a batch.
bool PatternGroup::fits(const PatternSpec& spec) const {
  const PatternGroup other(spec, column_, limits_, nullptr);
  const auto same_column = [](const KeptColumn& one, const KeptColumn& two) { return one.type == two.type; };
  const auto same_test = [](const StepTest& one, const StepTest& two) {
    return one.step == two.step && one.kept_own == two.kept_own && one.kept_earlier == two.kept_earlier;
  };
  const auto same_step = [&](const std::vector<StepTest>& one, const std::vector<StepTest>& two) {
    return std::equal(one.begin(), one.end(), two.begin(), two.end(), same_test);
  };
  return std::equal(kept_.begin(), kept_.end(), other.kept_.begin(), other.kept_.end(), same_column) &&
         std::equal(tests_.begin(), tests_.end(), other.tests_.begin(), other.tests_.end(), same_step);
}

// The values that comparisons read, names of strings held once more.
void PatternGroup::read_event(const EventBatch& batch, std::size_t row) {
  own_present_ = 0;
  for (std::size_t index = 0; index < kept_.size(); ++index) {
    const Column& column = batch.columns[kept_[index].source];
    own_words_[index] = 0;
    if (!column.present.test(row)) continue;
    own_present_ |= std::uint64_t{1} << index;
    if (column.type == ValueType::boolean) {
      own_words_[index] = column.bits.test(row) ? 1 : 0;
    } else if (column.type == ValueType::floating) {
      own_words_[index] = std::bit_cast<std::int64_t>(column.floats[row]);
    } else if (column.type == ValueType::string) {
      own_words_[index] = memory_->texts.intern(column.strings[row], NameTable::hash(column.strings[row]));
    } else if (column.type == ValueType::ip) {
      const std::string_view bytes = bytes_of(column.addresses[row]);
      own_words_[index] = memory_->texts.intern(bytes, NameTable::hash(bytes));
    } else {
      own_words_[index] = column.integers[row];
    }
  }
}

void PatternGroup::apply(const EventBatch& batch, const BatchKeys& keys, FeatureColumns& out) {
  Column& answer = out.columns[column_];
  answer.type = ValueType::boolean;
  answer.scale = 0;
  answer.resize(batch.rows);
  const auto last = static_cast<std::uint32_t>(spec_.steps.size() - 1);
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (!batch.active.test(row)) continue;
    answer.present.set(row);
    if (!keys.has(row)) continue;
    const std::int64_t time = batch.time().integers[row];
    memory_->past.see(time);
    std::uint32_t fits = 0;
    for (std::uint32_t step = 0; step < last; ++step)
      if (holds_at(batch, spec_.steps[step].condition, row)) fits |= std::uint32_t{1} << step;
    const bool ends = holds_at(batch, spec_.steps[last].condition, row);
    if (fits == 0 && !ends) continue;
    History* history = history_of(keys, row, fits != 0);
    if (history == nullptr) continue;  // nothing came before
    read_event(batch, row);
    if (ends) {
      const auto end = std::upper_bound(history->times.begin(), history->times.end(), time);
      // The oldest time is open: an event exactly `within` older is out.
      const auto begin = std::upper_bound(history->times.begin(), end, time - spec_.within_ms);
      if (completes(*history, static_cast<std::size_t>(begin - history->times.begin()),
                    static_cast<std::size_t>(end - history->times.begin())))
        answer.bits.set(row);
    }
    if (fits != 0) {
      remember(*history, time, fits);
    } else {
      for (std::size_t index = 0; index < kept_.size(); ++index)
        if (has_name(kept_[index].type) && own_words_[index] != 0) memory_->texts.release(static_cast<NameNumber>(own_words_[index]));
    }
  }
}

bool PatternGroup::completes(const History& history, std::size_t begin, std::size_t end) {
  tries_ = 0;
  const bool found = place_step(history, 0, begin, end);
  if (tries_ < limits_.pattern_tries_max) return found;
  ++memory_->tries_reached;
  return false;
}

// Looks for an event of `step` at `from` or behind. A step that no later one reads takes the first that fits: any other would leave less.
bool PatternGroup::place_step(const History& history, std::uint32_t step, std::size_t from, std::size_t end) {
  const bool is_last = step + 1 == spec_.steps.size();
  if (is_last) return agrees(history, step, own_event);
  for (std::size_t event = from; event < end; ++event) {
    if (++tries_ >= limits_.pattern_tries_max) return false;
    if (((history.fits[event] >> step) & 1U) == 0 || !agrees(history, step, event)) continue;
    chosen_[step] = event;
    if (place_step(history, step + 1, event + 1, end)) return true;
    if (!referred_[step]) return false;
  }
  return false;
}

bool PatternGroup::agrees(const History& history, std::uint32_t step, std::size_t event) const {
  const std::size_t width = kept_.size();
  const std::int64_t* own = event == own_event ? own_words_.data() : history.words.data() + event * width;
  const std::uint64_t own_present = event == own_event ? own_present_ : history.present[event];
  return std::all_of(tests_[step].begin(), tests_[step].end(), [&](const StepTest& test) {
    const std::size_t earlier = chosen_[test.step];
    if (((own_present >> test.kept_own) & (history.present[earlier] >> test.kept_earlier) & 1U) == 0) return false;
    return holds(test, own[test.kept_own], history.words[earlier * width + test.kept_earlier]);
  });
}

bool PatternGroup::holds(const StepTest& test, std::int64_t own, std::int64_t earlier) const {
  if (test.type == ValueType::floating) return compare(test.comparison, std::bit_cast<double>(own), std::bit_cast<double>(earlier));
  return compare(test.comparison, own, earlier);  // of strings: equal names have one number
}

void PatternGroup::remember(History& history, std::int64_t time, std::uint32_t fits) {
  const bool fresh = history.times.empty() || time >= history.newest_ms;
  if (!fresh && history.newest_ms - time > admit_ms_) {
    ++memory_->too_late;
    for (std::size_t index = 0; index < kept_.size(); ++index)
      if (has_name(kept_[index].type) && own_words_[index] != 0) memory_->texts.release(static_cast<NameNumber>(own_words_[index]));
    return;
  }
  if (fresh) {
    history.newest_ms = time;
    const auto gone = std::upper_bound(history.times.begin(), history.times.end(), time - retain_ms_);
    drop(history, static_cast<std::size_t>(gone - history.times.begin()));
  }
  const auto at = std::upper_bound(history.times.begin(), history.times.end(), time);
  const auto place = at - history.times.begin();
  history.times.insert(at, time);
  history.fits.insert(history.fits.begin() + place, fits);
  history.present.insert(history.present.begin() + place, own_present_);
  history.words.insert(history.words.begin() + place * static_cast<std::ptrdiff_t>(kept_.size()), own_words_.begin(), own_words_.end());
  if (history.times.size() <= limits_.pattern_events_a_key_max) return;
  ++memory_->dropped;
  drop(history, 1);
}

// The oldest ones.
void PatternGroup::drop(History& history, std::size_t count) {
  if (count == 0) return;
  const std::size_t width = kept_.size();
  for (std::size_t event = 0; event < count; ++event)
    for (std::size_t index = 0; index < width; ++index)
      if (has_name(kept_[index].type) && history.words[event * width + index] != 0)
        memory_->texts.release(static_cast<NameNumber>(history.words[event * width + index]));
  const auto first = static_cast<std::ptrdiff_t>(count);
  history.times.erase(history.times.begin(), history.times.begin() + first);
  history.fits.erase(history.fits.begin(), history.fits.begin() + first);
  history.present.erase(history.present.begin(), history.present.begin() + first);
  history.words.erase(history.words.begin(), history.words.begin() + first * static_cast<std::ptrdiff_t>(width));
}

bool PatternGroup::is_over(const History& history) const {
  const std::int64_t settled = memory_->past.settled();
  return settled != std::numeric_limits<std::int64_t>::min() && history.newest_ms < settled - retain_ms_;
}

PatternGroup::History* PatternGroup::history_of(const BatchKeys& keys, std::size_t row, bool add) {
  NameNumber key = memory_->keys.find(keys.key(row), keys.hash(row));
  if (key != 0) {
    History& history = memory_->histories[key];
    if (is_over(history)) drop(history, history.times.size());
    return &history;
  }
  if (!add) return nullptr;
  sweep();
  key = memory_->keys.intern(keys.key(row), keys.hash(row));
  memory_->histories.resize(key + std::size_t{1});
  memory_->histories[key].held = true;
  return &memory_->histories[key];
}

// Gives the memory of keys that are over back. That changes no answer, so it does not matter which ones are looked at when.
void PatternGroup::sweep() {
  const std::size_t numbers = memory_->histories.size();
  std::size_t dropped = 0;
  for (std::size_t looks = 0; looks < sweep_looks && dropped < sweep_drops_max && numbers > 0; ++looks) {
    memory_->swept = memory_->swept + 1 < numbers ? memory_->swept + 1 : 0;
    History& history = memory_->histories[memory_->swept];
    if (!history.held || !is_over(history)) continue;
    drop(history, history.times.size());
    history = {};
    memory_->keys.release(static_cast<NameNumber>(memory_->swept));
    ++dropped;
  }
}

void PatternGroup::add_counters(FeedbackCounters& total) const {
  total.pattern_keys += memory_->keys.names();
  total.bytes += memory_->keys.bytes() + memory_->texts.bytes() + memory_->histories.bytes();
  total.pattern_events_dropped += memory_->dropped;
  total.pattern_events_too_late += memory_->too_late;
  total.pattern_tries_reached += memory_->tries_reached;
}

}  // namespace weir
