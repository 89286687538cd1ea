#include "engine/pipeline/decision_writer.h"

#include <algorithm>
#include <bit>
#include <span>

#include "engine/base/decimal.h"
#include "engine/base/json_text.h"
#include "engine/event/value_json.h"

namespace weir {
namespace {

std::string decimal_text(std::int64_t scaled, int scale) {
  ByteBuffer buffer;
  append_decimal(buffer, scaled, scale);
  return std::string(buffer.view());
}

// One value of a column as JSON; null where it is missing.
void append_value(ByteBuffer& out, const Column& column, std::size_t row) {
  if (!column.present.test(row)) {
    out.append("null");
    return;
  }
  switch (column.type) {
    case ValueType::boolean:
      out.append(column.bits.test(row) ? "true" : "false");
      return;
    case ValueType::integer:
    case ValueType::duration:
      append_integer(out, column.integers[row]);
      return;
    case ValueType::decimal:
      append_decimal(out, column.integers[row], column.scale);
      return;
    case ValueType::floating:
      append_double(out, column.floats[row]);
      return;
    case ValueType::string:
      append_json_string(out, column.strings[row]);
      return;
    case ValueType::timestamp:
      append_json_time(out, column.integers[row]);
      return;
    case ValueType::geo:
      append_json_point(out, column.points[row]);
      return;
    case ValueType::ip:
      append_json_ip(out, column.addresses[row]);
      return;
  }
}

std::span<const ShadowHit> shadows_of(const DecidedRow& decided) {
  const std::vector<ShadowHit>& all = decided.decisions.shadows;
  if (all.empty()) return {};
  const auto begin =
      std::lower_bound(all.begin(), all.end(), decided.row, [](const ShadowHit& hit, std::size_t row) { return hit.row < row; });
  const auto end = std::find_if(begin, all.end(), [&](const ShadowHit& hit) { return hit.row != decided.row; });
  return {begin, end};
}

}  // namespace

ShardIdentity::ShardIdentity(const ShardName& name)
    : id(shard_id(name)),
      source_json("\"source\":{\"topic\":" + json_of(name.topic) + ",\"partition\":" + std::to_string(name.partition) + ",\"offset\":") {}

DecisionWriter::DecisionWriter(const DecisionVocabulary& vocabulary, const EventSchema& schema)
    : vocabulary_(vocabulary),
      schema_(schema),
      ruleset_hash_(vocabulary.hash),
      ruleset_json_("\"ruleset\":{\"version\":" + std::to_string(vocabulary.version) + ",\"hash\":" + json_of(vocabulary.hash) + "},"),
      wanted_(BitMask::words_for(vocabulary.features.size())) {
  for (const std::string& event : vocabulary.events) event_json_.push_back(",\"event\":" + json_of(event));
  for (const std::string& outcome : vocabulary.outcomes) outcome_json_.push_back(",\"outcome\":" + json_of(outcome) + ",\"score\":");
  for (const RuleDescription& rule : vocabulary.rules) {
    rule_json_.push_back("{\"rule\":" + json_of(rule.name) + ",\"text\":\"");
    std::string tail = "\",\"score\":" + decimal_text(rule.score, score_scale);
    if (rule.outcome != no_outcome) tail += ",\"outcome\":" + json_of(vocabulary.outcomes[rule.outcome]);
    rule_tail_json_.push_back(tail + "}");
    shadow_json_.push_back("{\"rule\":" + json_of(rule.name) + tail.substr(1) + "}");
  }
  for (const std::string& feature : vocabulary.features) feature_json_.push_back(json_of(feature) + ":");
}

void DecisionWriter::append_event_id(ByteBuffer& out, const DecidedRow& decided) const {
  const std::size_t type = decided.events.type_of(decided.row);
  if (const std::optional<std::size_t> id = schema_.id_field_of(type)) {
    out.append(",\"event_id\":");
    append_value(out, decided.events.columns[*id], decided.row);
  }
  if (!event_json_.empty()) out.append(event_json_[type]);
}

void DecisionWriter::append_reasons(ByteBuffer& out, const DecidedRow& decided) const {
  const DecisionBatch& decisions = decided.decisions;
  const std::uint32_t begin = decisions.fired_begin[decided.row];
  const std::uint32_t end = decisions.fired_begin[decided.row + 1];
  out.append(",\"reasons\":[");
  for (std::uint32_t index = begin; index < end; ++index) {
    const FiredRule& fired = decisions.fired[index];
    if (index > begin) out.append(',');
    out.append(rule_json_[fired.rule]);
    append_json_escaped(out, decisions.text.view(fired.text_begin, fired.text_size));
    out.append(rule_tail_json_[fired.rule]);
  }
  out.append("],");
}

void DecisionWriter::append_shadows(ByteBuffer& out, const DecidedRow& decided) const {
  const std::span<const ShadowHit> hits = shadows_of(decided);
  if (hits.empty()) return;
  out.append("\"shadow\":[");
  for (const ShadowHit& hit : hits) {
    if (&hit != hits.data()) out.append(',');
    out.append(shadow_json_[hit.rule]);
  }
  out.append("],");
}

void DecisionWriter::append_errors(ByteBuffer& out, const DecidedRow& decided) {
  const DecisionBatch& decisions = decided.decisions;
  if (decisions.errors.empty()) return;
  const auto first = std::lower_bound(decisions.errors.begin(), decisions.errors.end(), decided.row,
                                      [](const RuleError& error, std::size_t row) { return error.row < row; });
  if (first == decisions.errors.end() || first->row != decided.row) return;
  out.append("\"errors\":[");
  for (auto error = first; error != decisions.errors.end() && error->row == decided.row; ++error) {
    if (error != first) out.append(',');
    out.append(rule_json_[error->rule]);
    append_json_escaped(out, decisions.text.view(error->text_begin, error->text_size));
    out.append("\"}");
  }
  out.append("],");
}

void DecisionWriter::want_features_of(std::uint32_t rule) {
  for (const std::uint32_t feature : vocabulary_.rules[rule].features) wanted_[feature / 64] |= std::uint64_t{1} << (feature % 64);
}

void DecisionWriter::append_features(ByteBuffer& out, const DecidedRow& decided, FeatureSelection selection) {
  out.append("\"features\":{");
  const DecisionBatch& decisions = decided.decisions;
  const std::uint32_t begin = decisions.fired_begin[decided.row];
  const std::uint32_t end = decisions.fired_begin[decided.row + 1];
  const std::span<const ShadowHit> shadows = shadows_of(decided);
  const bool any = selection == FeatureSelection::all || (selection == FeatureSelection::fired && (begin < end || !shadows.empty()));
  if (any) {
    std::fill(wanted_.begin(), wanted_.end(), selection == FeatureSelection::all ? ~std::uint64_t{0} : 0);
    if (selection == FeatureSelection::all) {
      if (const std::size_t tail = vocabulary_.features.size() % 64; tail != 0) wanted_.back() &= (std::uint64_t{1} << tail) - 1;
    } else {
      for (std::uint32_t index = begin; index < end; ++index) want_features_of(decisions.fired[index].rule);
      for (const ShadowHit& hit : shadows) want_features_of(hit.rule);
    }
    bool first = true;
    for (std::size_t word = 0; word < wanted_.size(); ++word) {
      for (std::uint64_t bits = wanted_[word]; bits != 0; bits &= bits - 1) {
        const std::size_t feature = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        if (!first) out.append(',');
        first = false;
        out.append(feature_json_[feature]);
        append_value(out, decided.features.columns[feature], decided.row);
      }
    }
  }
  out.append("},");
}

void DecisionWriter::append_tail(ByteBuffer& out, const DecidedRow& decided, const ShardIdentity& shard) const {
  out.append(ruleset_json_);
  out.append(shard.source_json);
  append_integer(out, decided.events.offsets[decided.row]);
  out.append("}}");
}

void DecisionWriter::write_decision(ByteBuffer& out, const DecidedRow& decided, const ShardIdentity& shard, FeatureSelection selection) {
  const DecisionBatch& decisions = decided.decisions;
  out.append("{\"id\":\"");
  append_id(out, output_id(shard.id, decided.events.offsets[decided.row]));
  out.append('"');
  append_event_id(out, decided);
  out.append(outcome_json_[decisions.outcomes[decided.row]]);
  append_decimal(out, decisions.scores[decided.row], score_scale);
  append_reasons(out, decided);
  append_shadows(out, decided);
  append_errors(out, decided);
  if (selection != FeatureSelection::none) append_features(out, decided, selection);
  append_tail(out, decided, shard);
}

void DecisionWriter::write_profile_update(ByteBuffer& out, const DecidedRow& decided, const ProfileUpdate& update,
                                          const ShardIdentity& shard) {
  const std::string_view body = decided.decisions.update_text.view(update.body_begin, update.body_size);
  out.append("{\"id\":\"");
  const std::int64_t offset = decided.events.offsets[decided.row];
  // Several updates of one event differ in rule or body, so both are part of the id.
  append_id(out, output_id(output_id(shard.id, offset, vocabulary_.rules[update.rule].name), offset, body));
  out.append('"');
  append_event_id(out, decided);
  out.append(',');
  out.append(body);
  out.append(",\"rule\":");
  append_json_string(out, vocabulary_.rules[update.rule].name);
  out.append(',');
  append_tail(out, decided, shard);
}

}  // namespace weir
