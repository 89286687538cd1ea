#include "rules/evaluate/rule_set.h"

#include <xxhash.h>

#include "engine/base/byte_buffer.h"
#include "engine/base/json_text.h"
#include "rules/evaluate/compiled_rules.h"
#include "rules/evaluate/fact_chains.h"
#include "rules/evaluate/feature_demand.h"
#include "rules/evaluate/lowering.h"
#include "rules/evaluate/program_builder.h"
#include "rules/evaluate/rule_scorer.h"

namespace weir {

namespace evaluate {
namespace {

std::string hash_text(const std::string& text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  ByteBuffer digits;
  append_hex(digits, hash.high64);
  append_hex(digits, hash.low64);
  return std::string(digits.view());
}

DecisionVocabulary make_vocabulary(const CheckedRules& rules) {
  DecisionVocabulary vocabulary;
  vocabulary.outcomes = rules.policy.outcomes;
  for (const CheckedRule& rule : rules.rules) {
    std::vector<std::uint32_t> reads = rule.features;
    for (const std::uint32_t fact : rule.facts) reads.push_back(rules.fact_column(fact));
    for (const std::uint32_t sequence : rule.sequences) reads.push_back(rules.sequence_column(sequence));
    vocabulary.rules.push_back({rule.name, rule.title, rule.then, rule.score, rule.tags, rule.owner, std::move(reads), rule.mode,
                                rule.canary_share, rule.expires_ms});
  }
  for (const FeatureSpec& feature : rules.features) vocabulary.features.push_back(feature.name);
  for (const CheckedFact& fact : rules.facts)
    if (fact.read) vocabulary.features.push_back(fact.spec.name);
  for (const PatternSpec& sequence : rules.sequences) vocabulary.features.push_back(sequence.name);
  for (std::size_t type = 0; rules.event.has_several_types() && type < rules.event.type_count(); ++type)
    vocabulary.events.push_back(rules.event.type_name(type));
  vocabulary.hash = hash_text(rules.canonical_text);
  return vocabulary;
}

class Compiler {
 public:
  Compiler(const CheckedRules& rules, const RuleSetOptions& options)
      : rules_(rules), set_(options.instructions.value_or(best_instruction_set())), compiled_(std::make_unique<CompiledRules>()) {}

  Result<std::shared_ptr<const Scorer>> compile(const RuleSetOptions& options) {
    compiled_->event = rules_.event;
    compiled_->features = rules_.features;
    compiled_->vocabulary = make_vocabulary(rules_);
    compiled_->vocabulary.version = options.version;
    if (!options.hash.empty()) compiled_->vocabulary.hash = options.hash;
    compiled_->bands = rules_.policy.bands;
    compiled_->otherwise = rules_.policy.otherwise;
    compiled_->feedback.facts = facts_that_are_read(rules_);
    compiled_->feedback.patterns = rules_.sequences;
    compile_prepare(options.filter);
    compile_decided();
    compiled_->observer = options.watched.observer;
    compile_rules(options.watched.judged, options.every_feature_is_read);
    compile_routes(options.routes, options.watched.decided);
    for (const Program* program : {&compiled_->after, &compiled_->route}) read_always(*program);
    if (const std::string& error = compiled_->attachments.error(); !error.empty()) return Error{ErrorKind::configuration, error};
    return std::shared_ptr<const Scorer>(std::make_shared<RuleScorer>(std::move(compiled_)));
  }

 private:
  // An expression that is read after the program has run, on the rows of `demand`.
  struct Wanted {
    Value value;
    ValueType type = ValueType::integer;
    int scale = 0;
  };
  Wanted want(Lowering& lowering, ExpressionIndex index, NodeId demand, std::vector<Root>& roots) const {
    const Expression& expression = rules_.expressions[index];
    return keep({lowering.lower(index), expression.type, expression.scale}, demand, roots);
  }
  static Wanted keep(Wanted wanted, NodeId demand, std::vector<Root>& roots) {
    roots.push_back({wanted.value.node, demand});
    roots.push_back({wanted.value.present, demand});
    return wanted;
  }
  static ResultReader reader(const Program& program, const Wanted& wanted) {
    return ResultReader(program, wanted.value, wanted.type, wanted.scale);
  }

  void compile_prepare(std::optional<ExpressionIndex> filter) {
    Graph graph;
    Lowering lowering(rules_, graph, compiled_->attachments);
    std::vector<Root> roots;
    NodeId kept = no_node;
    if (filter) {
      kept = lowering.lower(*filter).node;
      roots.push_back({kept});
    }
    std::vector<std::pair<std::size_t, Wanted>> derived;
    for (std::size_t index = 0; index < rules_.derived.size(); ++index) {
      const DerivedColumn& column = rules_.derived[index];
      compiled_->derived_specs.push_back(column.spec);
      if (!column.after_decision) derived.emplace_back(index, want(lowering, column.value, kept, roots));
    }
    compiled_->prepare = build_program(graph, roots, set_);
    if (filter) compiled_->filter = compiled_->prepare.mask_of(kept);
    for (const auto& [column, wanted] : derived) compiled_->derived.push_back({column, reader(compiled_->prepare, wanted)});
  }

  void compile_decided() {
    Graph graph;
    Lowering lowering(rules_, graph, compiled_->attachments);
    std::vector<Root> roots;
    std::vector<std::pair<std::size_t, Wanted>> decided;
    for (std::size_t index = 0; index < rules_.derived.size(); ++index)
      if (rules_.derived[index].after_decision) decided.emplace_back(index, want(lowering, rules_.derived[index].value, no_node, roots));
    compiled_->after = build_program(graph, roots, set_);
    for (const auto& [column, wanted] : decided) compiled_->decided.push_back({column, reader(compiled_->after, wanted)});
  }

  struct PendingUpdate {
    std::vector<Wanted> key;
    std::optional<Wanted> value;
    std::optional<Wanted> fact_value;
    const CheckedUpdate* source = nullptr;
  };
  struct PendingRule {
    std::uint32_t index = 0;
    NodeId fired = no_node;
    NodeId failed = no_node;
    NodeId shadow = no_node;
    std::vector<std::optional<Wanted>> reason;  // as CheckedRule::reason
    std::vector<PendingUpdate> updates;
  };

  void compile_rules(const std::vector<ExpressionIndex>& watched, bool every_feature_is_read) {
    Graph graph;
    Lowering lowering(rules_, graph, compiled_->attachments);
    std::vector<Root> roots;
    std::vector<PendingRule> pending;
    std::vector<FeatureReads> reads;
    for (std::uint32_t index = 0; index < rules_.rules.size(); ++index) {
      const CheckedRule& rule = rules_.rules[index];
      if (rule.mode == RuleMode::off) continue;
      const NodeId on = lowering.types(rule.on);
      Value when = lowering.lower(rule.when);
      when.node = graph.both(on, when.node);
      when.failed = graph.both(on, when.failed);
      const NodeId in_force = before_expiry(graph, rule);
      const NodeId holds = graph.both(graph.but_not(when.node, when.failed), in_force);
      PendingRule next{index, live_part(graph, rule, holds), graph.both(when.failed, in_force), no_node, {}, {}};
      next.shadow = graph.but_not(holds, next.fired);
      for (const NodeId root : {next.fired, next.failed, next.shadow}) roots.push_back({root});
      compiled_->has_shadows |= next.shadow != graph.never();
      for (const ReasonPart& part : rule.reason)
        next.reason.push_back(part.value == no_expression ? std::optional<Wanted>() : want(lowering, part.value, next.fired, roots));
      for (const CheckedUpdate& update : rule.updates) next.updates.push_back(want_update(graph, lowering, update, next.fired, roots));
      reads.push_back({holds, rule.features});
      pending.push_back(std::move(next));
    }
    std::vector<Wanted> values;
    for (const ExpressionIndex value : watched) values.push_back(want(lowering, value, no_node, roots));
    compiled_->judge = build_program(graph, roots, set_);
    if (!every_feature_is_read) find_demand(graph, roots, reads, compiled_->features);
    for (const Wanted& value : values) compiled_->watched_judged.push_back(reader(compiled_->judge, value));
    for (const PendingRule& rule : pending) compiled_->rules.push_back(finish(rule));
    compiled_->missing_values = find_missing_values(rules_, *compiled_);
  }

  void read_always(const Program& program) {
    for (const Input& input : program.inputs())
      if (input.source == InputSource::feature && input.index < compiled_->features.size()) compiled_->features[input.index].demand.reset();
  }

  // Rows whose event time lies before the rule's end.
  NodeId before_expiry(Graph& graph, const CheckedRule& rule) const {
    if (rule.expires_ms == never_expires) return graph.always();
    const Value time =
        graph.add_input({InputSource::field, static_cast<std::uint32_t>(rules_.event.time_field), ValueType::timestamp, false, 0});
    const NodeId end = graph.add_constant(ValueType::timestamp, {.integer = rule.expires_ms});
    return graph.add_mask({.op = Operator::less, .a = time.node, .b = end, .guard = graph.always()});
  }

  // The rows of `holds` on which the rule decides; on the others it is in shadow.
  NodeId live_part(Graph& graph, const CheckedRule& rule, NodeId holds) {
    if (rule.mode == RuleMode::shadow) return graph.never();
    if (rule.mode != RuleMode::canary) return holds;
    const FieldSpec& key = rules_.event.fields[rule.canary_key];
    const Value value = graph.add_input({InputSource::field, rule.canary_key, key.type, key.optional, 0});
    const NodeId chosen = graph.add_mask({.op = Operator::in_share,
                                          .a = value.node,
                                          .guard = value.present,
                                          .attachment = compiled_->attachments.add_share(rule.name, rule.canary_share)});
    return graph.both(holds, chosen);
  }

  PendingUpdate want_update(Graph& graph, Lowering& lowering, const CheckedUpdate& update, NodeId fired, std::vector<Root>& roots) const {
    PendingUpdate pending;
    pending.source = &update;
    for (const ColumnIndex column : update.key) {
      const FieldSpec& field = rules_.event.fields[column];
      const Value value = graph.add_input({InputSource::field, column, field.type, field.optional, 0});
      pending.key.push_back(keep({value, field.type, field.scale}, fired, roots));
    }
    if (update.value != no_expression) pending.value = want(lowering, update.value, fired, roots);
    if (update.fact_value != no_expression && rules_.facts[update.fact].read)
      pending.fact_value = want(lowering, update.fact_value, fired, roots);
    return pending;
  }

  CompiledRule finish(const PendingRule& pending) const {
    const CheckedRule& rule = rules_.rules[pending.index];
    const Program& program = compiled_->judge;
    CompiledRule compiled;
    compiled.index = pending.index;
    compiled.fired = program.mask_of(pending.fired);
    compiled.failed = program.mask_of(pending.failed);
    compiled.shadow = program.mask_of(pending.shadow);
    compiled.on = rule.on;
    compiled.expires_ms = rule.expires_ms;
    compiled.score = rule.score;
    compiled.then = rule.then;
    for (std::size_t part = 0; part < rule.reason.size(); ++part) {
      CompiledReasonPart made{rule.reason[part].text, {}};
      if (pending.reason[part]) made.value = reader(program, *pending.reason[part]);
      compiled.reason.push_back(std::move(made));
    }
    if (compiled.reason.empty()) compiled.reason.push_back({rule.title, {}});
    compiled.resets = rule.resets;
    for (const PendingUpdate& update : pending.updates) {
      CompiledUpdate made;
      for (const Wanted& part : update.key) made.key.push_back(reader(program, part));
      for (const ColumnIndex column : update.source->key) made.key_names.push_back(rules_.event.fields[column].name);
      made.field = update.source->field;
      if (update.value) made.value = reader(program, *update.value);
      made.for_ms = update.source->for_ms;
      if (const std::uint32_t fact = update.source->fact; fact != no_fact && rules_.facts[fact].read)
        made.fact = rules_.fact_column(fact) - static_cast<std::uint32_t>(rules_.features.size());
      if (update.fact_value) made.fact_value = reader(program, *update.fact_value);
      compiled.updates.push_back(std::move(made));
    }
    return compiled;
  }

  void compile_routes(const std::vector<ExpressionIndex>& routes, const std::vector<ExpressionIndex>& watched) {
    Graph graph;
    Lowering lowering(rules_, graph, compiled_->attachments);
    std::vector<Root> roots;
    for (const ExpressionIndex route : routes) roots.push_back({lowering.lower(route).node});
    std::vector<Wanted> values;
    for (const ExpressionIndex value : watched) values.push_back(want(lowering, value, no_node, roots));
    compiled_->route = build_program(graph, roots, set_);
    for (std::size_t index = 0; index < routes.size(); ++index) compiled_->routes.push_back(compiled_->route.mask_of(roots[index].node));
    for (const Wanted& value : values) compiled_->watched_decided.push_back(reader(compiled_->route, value));
  }

  const CheckedRules& rules_;
  InstructionSet set_;
  std::unique_ptr<CompiledRules> compiled_;
};

}  // namespace
}  // namespace evaluate

Result<std::shared_ptr<const Scorer>> RuleSet::compile(const CheckedRules& rules, const RuleSetOptions& options) {
  return evaluate::Compiler(rules, options).compile(options);
}

std::string RuleSet::hash(const CheckedRules& rules) {
  return evaluate::hash_text(rules.canonical_text);
}

}  // namespace weir
