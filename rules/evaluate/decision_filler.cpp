#include "rules/evaluate/decision_filler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string_view>

#include "engine/base/json_text.h"

namespace weir::evaluate {

namespace {

constexpr std::string_view overflow_text = "a number in the condition does not fit into 64 bits";
constexpr std::string_view left_out_text = "its updates were not made: those of one event have 262144 bytes at most (update_bytes_max)";
static_assert(update_bytes_max == 262'144);  // as the text says

std::uint32_t position(const ByteBuffer& text) {
  return static_cast<std::uint32_t>(text.size());
}

std::int64_t add_saturating(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

// A reason may name a long text many times, so what is beyond `bytes_max` is left out; where that is in its midst, dots say so.
// True when there was not enough room.
bool append_reason(const CompiledRule& rule, const ProgramMemory& memory, std::size_t row, std::size_t bytes_max, ByteBuffer& text) {
  const std::size_t begin = text.size();
  for (const CompiledReasonPart& part : rule.reason) {
    if (part.value)
      append_text(text, part.value->read(memory, row));
    else
      text.append(part.text);
    if (text.size() - begin <= bytes_max) continue;
    std::size_t end = begin + bytes_max;
    while (end > begin && (static_cast<unsigned char>(text.view()[end]) & 0xC0U) == 0x80U) --end;  // no character is cut in two
    text.truncate(end);
    if (end > begin) text.append("...");
    return true;
  }
  return false;
}

// One part: its text as it is, so that a topic keyed by the same field is partitioned alike. Several: a JSON array.
void append_key(const CompiledUpdate& update, const ProgramMemory& memory, std::size_t row, ByteBuffer& text) {
  if (update.key.size() == 1) {
    append_text(text, update.key[0].read(memory, row));
    return;
  }
  text.append('[');
  for (std::size_t part = 0; part < update.key.size(); ++part) {
    if (part != 0) text.append(',');
    append_json(text, update.key[part].read(memory, row));
  }
  text.append(']');
}

// "entity":{"card_id":"c1"},"set":{"compromised":true},"for_ms":604800000, or "unset":["compromised"] in place of the latter two.
void append_body(const CompiledUpdate& update, const ProgramMemory& memory, std::size_t row, ByteBuffer& text) {
  text.append("\"entity\":{");
  for (std::size_t part = 0; part < update.key.size(); ++part) {
    if (part != 0) text.append(',');
    append_json_string(text, update.key_names[part]);
    text.append(':');
    append_json(text, update.key[part].read(memory, row));
  }
  if (!update.value) {
    text.append("},\"unset\":[");
    append_json_string(text, update.field);
    text.append(']');
    return;
  }
  text.append("},\"set\":{");
  append_json_string(text, update.field);
  text.append(':');
  append_json(text, update.value->read(memory, row));
  text.append('}');
  if (update.for_ms == 0) return;
  text.append(",\"for_ms\":");
  append_integer(text, update.for_ms);
}

// An entity with a missing part is nobody: there is nothing to update.
bool has_key(const CompiledUpdate& update, const ProgramMemory& memory, std::size_t row) {
  return std::all_of(update.key.begin(), update.key.end(), [&](const ResultReader& part) { return part.read(memory, row).present; });
}

FactWrite fact_write(const CompiledUpdate& update, const ProgramMemory& memory, std::size_t row, std::uint32_t batch_row) {
  FactWrite write{.row = batch_row, .fact = *update.fact, .removes = true, .for_ms = update.for_ms, .value = {}};
  if (!update.fact_value) return write;
  const ScalarValue value = update.fact_value->read(memory, row);
  write.removes = !value.present;
  write.value.text = value.text;
  write.value.address = value.address;
  if (value.type == ValueType::boolean) {
    write.value.word = value.boolean ? 1 : 0;
  } else if (value.type == ValueType::floating) {
    write.value.word = std::bit_cast<std::int64_t>(value.floating);
  } else {
    write.value.word = value.integer;
  }
  return write;
}

}  // namespace

void DecisionFiller::begin(const CompiledRules& rules, std::size_t rows, DecisionBatch& decisions) {
  hits_.reserve(rules.rules.size());
  if (rules.has_shadows) shadows_.reserve(rules.rules.size());
  decisions.rows = rows;
  decisions.scores.assign(rows, 0);
  decisions.outcomes.assign(rows, rules.otherwise);
  decisions.fired_begin.resize(rows + 1);
  decisions.fired_begin[rows] = 0;
  decisions.fired.clear();
  decisions.updates.clear();
  decisions.errors.clear();
  decisions.reasons_cut = 0;
  decisions.shadows.clear();
  decisions.undecided.clear();
  decisions.updates_left_out = 0;
  decisions.text.clear();
  decisions.update_text.clear();
  overflow_begin_.reset();
  left_out_begin_.reset();
  decisions.routes.resize(rules.routes.size());
  for (BitMask& route : decisions.routes) route.assign(rows, false);
}

void DecisionFiller::skip_block(std::size_t block, DecisionBatch& decisions) const {
  const std::size_t first = block * block_rows;
  const std::size_t end = std::min(first + block_rows, decisions.rows);
  const auto fired = static_cast<std::uint32_t>(decisions.fired.size());
  for (std::size_t row = first; row < end; ++row) decisions.fired_begin[row] = fired;
  decisions.fired_begin[end] = fired;
}

void DecisionFiller::fill_block(const CompiledRules& rules, const ProgramMemory& memory, std::size_t block, std::uint64_t judged,
                                DecisionBatch& decisions, FeedbackWrites* writes) {
  const std::size_t first = block * block_rows;
  const std::size_t rows = std::min(block_rows, decisions.rows - first);
  hits_.clear();
  bool updates = false;
  for (const CompiledRule& rule : rules.rules) {
    const std::uint64_t fired = memory.mask(rule.fired);
    if (fired == 0) continue;
    hits_.push_back({&rule, fired});
    updates |= !rule.updates.empty();
  }
  transpose(memory, first, rows, decisions);
  const std::size_t errors = decisions.errors.size();
  if (updates) add_updates(memory, first, decisions, writes);
  add_errors(rules, memory, first, errors, decisions);

  std::array<OutcomeIndex, block_rows> forced;
  forced.fill(no_outcome);
  for (const Hit& hit : hits_) {
    const std::int64_t score = hit.rule->score;
    const OutcomeIndex then = hit.rule->then;
    // Outcomes are numbered by precedence, the strongest first.
    for_each_row(hit.rows, [&](std::size_t row) {
      decisions.scores[first + row] = add_saturating(decisions.scores[first + row], score);
      forced[row] = std::min(forced[row], then);
    });
  }
  for_each_row(judged,
               [&](std::size_t row) { decisions.outcomes[first + row] = rules.outcome_of(forced[row], decisions.scores[first + row]); });
  if (rules.has_shadows) add_shadows(rules, memory, first, forced, decisions);
}

// Behind the scores and outcomes of the block, which say what each rule in shadow would have changed.
void DecisionFiller::add_shadows(const CompiledRules& rules, const ProgramMemory& memory, std::size_t first,
                                 const std::array<OutcomeIndex, block_rows>& forced, DecisionBatch& decisions) {
  shadows_.clear();
  std::uint64_t hit = 0;
  for (const CompiledRule& rule : rules.rules) {
    const std::uint64_t rows = memory.mask(rule.shadow);
    if (rows != 0) shadows_.push_back({&rule, rows});
    hit |= rows;
  }
  for_each_row(hit, [&](std::size_t row) {
    for (const Hit& shadow : shadows_) {
      if (((shadow.rows >> row) & 1U) == 0) continue;
      const std::int64_t score = add_saturating(decisions.scores[first + row], shadow.rule->score);
      const OutcomeIndex outcome = rules.outcome_of(std::min(forced[row], shadow.rule->then), score);
      decisions.shadows.push_back({static_cast<std::uint32_t>(first + row), shadow.rule->index, outcome});
    }
  });
}

void DecisionFiller::fill_wave_block(const CompiledRules& rules, const ProgramMemory& memory, std::size_t block, std::uint64_t judged,
                                     DecisionBatch& decisions, FeedbackWrites& writes) {
  fill_block(rules, memory, block, judged, decisions, &writes);
  const std::size_t first = block * block_rows;
  // What was noted for the block's other rows means nothing: they are in other waves.
  for_each_row(judged, [&](std::size_t row) {
    ranges_[first + row] = {decisions.fired_begin[first + row], decisions.fired_begin[first + row + 1]};
  });
  for (const Hit& hit : hits_)
    for (const std::uint32_t feature : hit.rule->resets)
      for_each_row(hit.rows, [&](std::size_t row) { writes.resets.push_back({static_cast<std::uint32_t>(first + row), feature}); });
}

void DecisionFiller::end_waves(DecisionBatch& decisions) {
  sorted_.clear();
  for (std::size_t row = 0; row < decisions.rows; ++row) {
    const Range range = ranges_[row];
    decisions.fired_begin[row] = static_cast<std::uint32_t>(sorted_.size());
    sorted_.insert(sorted_.end(), decisions.fired.begin() + range.begin, decisions.fired.begin() + range.end);
  }
  decisions.fired_begin[decisions.rows] = static_cast<std::uint32_t>(sorted_.size());
  decisions.fired.swap(sorted_);
  // A row's own are in order already.
  const auto by_row = [](const auto& one, const auto& other) { return one.row < other.row; };
  std::stable_sort(decisions.updates.begin(), decisions.updates.end(), by_row);
  std::stable_sort(decisions.errors.begin(), decisions.errors.end(), by_row);
  std::stable_sort(decisions.shadows.begin(), decisions.shadows.end(), by_row);
}

// From rows of rules to rules of rows: count, then place. Rules come in ascending order, so each row's are.
void DecisionFiller::transpose(const ProgramMemory& memory, std::size_t first, std::size_t rows, DecisionBatch& decisions) const {
  std::array<std::uint32_t, block_rows> next{};
  for (const Hit& hit : hits_) for_each_row(hit.rows, [&](std::size_t row) { ++next[row]; });
  auto end = static_cast<std::uint32_t>(decisions.fired.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint32_t count = next[row];
    decisions.fired_begin[first + row] = next[row] = end;
    end += count;
  }
  decisions.fired_begin[first + rows] = end;
  decisions.fired.resize(end);
  std::array<std::uint32_t, block_rows> reason_bytes{};
  for (const Hit& hit : hits_) {
    for_each_row(hit.rows, [&](std::size_t row) {
      const std::uint32_t begin = position(decisions.text);
      const std::size_t room = reason_bytes_max - std::min<std::size_t>(reason_bytes[row], reason_bytes_max);
      if (append_reason(*hit.rule, memory, row, room, decisions.text)) [[unlikely]]
        ++decisions.reasons_cut;
      reason_bytes[row] += position(decisions.text) - begin;
      decisions.fired[next[row]++] = {static_cast<std::uint32_t>(first + row), hit.rule->index, begin, position(decisions.text) - begin};
    });
  }
}

void DecisionFiller::add_updates(const ProgramMemory& memory, std::size_t first, DecisionBatch& decisions, FeedbackWrites* writes) {
  const std::size_t before = decisions.updates.size();
  ByteBuffer& text = decisions.update_text;
  std::array<std::size_t, block_rows> taken{};
  for (const Hit& hit : hits_) {
    if (hit.rule->updates.empty()) continue;
    for_each_row(hit.rows, [&](std::size_t row) {
      const auto batch_row = static_cast<std::uint32_t>(first + row);
      const std::size_t begin = text.size();
      const std::size_t updates = decisions.updates.size();
      const std::size_t facts = writes == nullptr ? 0 : writes->facts.size();
      std::uint64_t made_here = 0;
      for (const CompiledUpdate& update : hit.rule->updates) {
        if (!has_key(update, memory, row)) continue;
        ++made_here;
        if (taken[row] + (text.size() - begin) > update_bytes_max) continue;  // only to be counted
        ProfileUpdate made{.row = batch_row, .rule = hit.rule->index, .key_begin = text.size()};
        append_key(update, memory, row, text);
        made.body_begin = text.size();
        made.key_size = static_cast<std::uint32_t>(made.body_begin - made.key_begin);
        append_body(update, memory, row, text);
        made.body_size = static_cast<std::uint32_t>(text.size() - made.body_begin);
        decisions.updates.push_back(made);
        if (writes != nullptr && update.fact) writes->facts.push_back(fact_write(update, memory, row, made.row));
      }
      if (taken[row] + (text.size() - begin) <= update_bytes_max) [[likely]] {
        taken[row] += text.size() - begin;
        return;
      }
      // All of a rule's or none, the facts with them: what later events read is what was sent.
      text.truncate(begin);
      decisions.updates.resize(updates);
      if (writes != nullptr) writes->facts.resize(facts);
      decisions.updates_left_out += made_here;
      add_error(batch_row, hit.rule->index, left_out_text, left_out_begin_, decisions);
    });
  }
  // Bodies of one rule and row were written in the order of the rule's updates.
  std::sort(decisions.updates.begin() + static_cast<std::ptrdiff_t>(before), decisions.updates.end(),
            [](const ProfileUpdate& one, const ProfileUpdate& other) {
              if (one.row != other.row) return one.row < other.row;
              return one.rule != other.rule ? one.rule < other.rule : one.body_begin < other.body_begin;
            });
}

// The texts of errors are few: each stands once in a batch, `written` there.
void DecisionFiller::add_error(std::uint32_t row, std::uint32_t rule, std::string_view why, std::optional<std::uint32_t>& written,
                               DecisionBatch& decisions) {
  if (!written) {
    written = position(decisions.text);
    decisions.text.append(why);
  }
  decisions.errors.push_back({row, rule, *written, static_cast<std::uint32_t>(why.size())});
}

void DecisionFiller::add_errors(const CompiledRules& rules, const ProgramMemory& memory, std::size_t first, std::size_t before,
                                DecisionBatch& decisions) {
  for (const CompiledRule& rule : rules.rules) {
    for_each_row(memory.mask(rule.failed), [&](std::size_t row) {
      add_error(static_cast<std::uint32_t>(first + row), rule.index, overflow_text, overflow_begin_, decisions);
    });
  }
  std::sort(
      decisions.errors.begin() + static_cast<std::ptrdiff_t>(before), decisions.errors.end(),
      [](const RuleError& one, const RuleError& other) { return one.row != other.row ? one.row < other.row : one.rule < other.rule; });
}

}  // namespace weir::evaluate
