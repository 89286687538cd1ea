// From typed expressions to the graph: one Value for each expression, with its presence and failure as masks.
#pragma once

#include <optional>
#include <vector>

#include "rules/evaluate/attachments.h"
#include "rules/evaluate/expression_graph.h"
#include "rules/language/checked_rules.h"

namespace weir::evaluate {

class Lowering {
 public:
  Lowering(const CheckedRules& rules, Graph& graph, Attachments& attachments);

  Value lower(ExpressionIndex index);
  // Rows of these event types; of all where the set is empty.
  NodeId types(EventTypeSet set);

 private:
  Value translate(const Expression& expression);
  Value operand(const Expression& expression, std::size_t position) const;
  Value literal(const Expression& expression);
  Value convert(const Expression& expression);
  Value arithmetic(const Expression& expression, Operator op);
  // A number and what it is to be multiplied with before it is compared.
  struct Scaled {
    Value value;
    std::int64_t factor = 1;
  };
  // The operand as it was before it became a decimal with more digits, where that makes a difference to a comparison.
  Scaled unscaled(ExpressionIndex operand) const;
  bool is_constant(const Value& value) const { return graph_.node(value.node).op == Operator::constant; }
  Value compare(Operator op, Scaled a, Scaled b, NodeId guard);
  NodeId compare_with_constant(Operator op, const Scaled& a, std::int64_t b, NodeId guard);
  Value comparison(const Expression& expression, Operator op);
  Value between(const Expression& expression);
  Value membership(const Expression& expression, const ValueSet& values, std::vector<const void*>& cache);
  Value lookup(const Expression& expression);
  Value matches(const Expression& expression);
  Value logical_and(const Expression& expression);
  Value logical_or(const Expression& expression);
  Value call(const Expression& expression);
  Value number_call(const Expression& expression);
  Value round(const Expression& expression, Operator integer_op, Operator floating_op);
  Value calendar_call(const Expression& expression, Operator op);
  Value coalesce(const Expression& expression);
  // A value of one or two operands, present where they are.
  Value simple(Operator op, ValueType type, const Value& a, std::optional<Value> b = {}, std::int64_t parameter = 0,
               const void* attachment = nullptr);
  Value condition(NodeId mask, NodeId failed) const { return {mask, graph_.always(), failed}; }
  // `mask` holds only where `guard` does; its negation as well.
  NodeId negate_if(bool negated, NodeId mask, NodeId guard);

  const CheckedRules& rules_;
  Graph& graph_;
  Attachments& attachments_;
  std::vector<std::optional<Value>> values_;  // by ExpressionIndex
  std::vector<bool> seen_;                    // has a value, or gets one in this call
  std::vector<const void*> list_attachments_;
  std::vector<const void*> set_attachments_;
  std::vector<const void*> pattern_attachments_;
};

}  // namespace weir::evaluate
