#include "rules/testing/value_notes.h"

#include "engine/base/byte_buffer.h"

namespace weir {

void ValueNotes::observed(std::int64_t offset, std::size_t watched, const evaluate::ScalarValue& value) {
  if (offset != offset_) return;
  if (texts_.size() <= watched) texts_.resize(watched + 1);
  std::string& text = texts_[watched];
  if (!value.present) {
    text = "missing";
  } else if (value.type == ValueType::string) {
    text = '"' + std::string(value.text) + '"';
  } else {
    ByteBuffer out;
    evaluate::append_text(out, value);
    text = out.view();
  }
}

void ConditionNotes::observed(std::int64_t offset, std::size_t watched, const evaluate::ScalarValue& value) {
  const bool holds = value.present && value.boolean;
  const auto note = [](std::vector<bool>& flags, std::size_t index) {
    if (flags.size() <= index) flags.resize(index + 1, false);
    flags[index] = true;
  };
  note(holds ? seen_true_ : seen_false_, watched);
  if (holds && asked_[static_cast<std::size_t>(offset)]) note(held_[offset], watched);
}

bool ConditionNotes::held(std::int64_t offset, std::size_t watched) const {
  const auto found = held_.find(offset);
  return found != held_.end() && watched < found->second.size() && found->second[watched];
}

std::string written_text(const CheckedRules& rules, ExpressionIndex index) {
  const Expression& node = rules.expressions[index];
  if (node.kind == ExpressionKind::feature) return rules.features[node.index].name;
  if (node.kind == ExpressionKind::let) return rules.lets[node.index].name;
  if (node.kind == ExpressionKind::event_column) return rules.event.fields[node.index].name;
  if (node.file == nullptr || node.span.end > node.file->text.size()) return "?";
  std::string text;
  bool comment = false;
  for (std::size_t at = node.span.begin; at < node.span.end; ++at) {
    const char byte = node.file->text[at];
    if (byte == '\n') comment = false;
    if (byte == '#' && at > node.span.begin && (node.file->text[at - 1] == ' ' || node.file->text[at - 1] == '\n')) comment = true;
    if (comment) continue;
    const bool blank = byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
    if (!blank)
      text += byte;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  return text;
}

ExpressionIndex written(const CheckedRules& rules, ExpressionIndex index) {
  while (rules.expressions[index].kind == ExpressionKind::truth || rules.expressions[index].kind == ExpressionKind::convert)
    index = rules.expressions[index].operands.front();
  return index;
}

}  // namespace weir
