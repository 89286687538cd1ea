#include "rules/evaluate/program_builder.h"

#include <algorithm>
#include <limits>
#include <map>

#include "engine/base/check.h"
#include "rules/evaluate/kernels.h"

namespace weir::evaluate {

// A scope is a stretch of operations that only matter where one mask (`condition`) holds: the right side of an `and`, or what a rule's
// reason reads. Nodes needed from several scopes move to the innermost one around all of them. Scopes nest.
class ProgramBuilder {
 public:
  ProgramBuilder(const Graph& graph, InstructionSet set) : graph_(graph), set_(set) {}

  Program build(std::span<const Root> roots) {
    place_in_scopes(roots);
    emit(root_scope, std::numeric_limits<NodeId>::max());
    for (const Root& root : roots)
      if (root.demand != no_node) emit_guarded(child(root_scope, root.demand), std::numeric_limits<NodeId>::max());
    for (const Root& root : roots) last_use_[resolve(root.node)] = forever;
    find_last_uses();
    give_registers();
    return finish();
  }

 private:
  using ScopeId = std::uint32_t;
  static constexpr ScopeId root_scope = 0;
  static constexpr ScopeId no_scope = 0xffffffff;
  static constexpr std::size_t forever = std::numeric_limits<std::size_t>::max();

  struct Scope {
    ScopeId parent = no_scope;
    NodeId condition = no_node;
    std::size_t depth = 0;
    std::vector<NodeId> nodes;  // ascending
    std::size_t emitted = 0;
  };
  // An operation whose operands are still nodes.
  struct Step {
    NodeId node = no_node;    // none: a skip
    NodeId demand = no_node;  // also the condition of a skip
    std::uint32_t skip = 0;
  };

  ScopeId child(ScopeId parent, NodeId condition) {
    const auto [at, added] = children_.try_emplace({parent, condition}, static_cast<ScopeId>(scopes_.size()));
    if (added) scopes_.push_back({parent, condition, scopes_[parent].depth + 1, {}, 0});
    return at->second;
  }

  ScopeId common(ScopeId one, ScopeId other) const {
    while (one != other) {
      if (scopes_[one].depth < scopes_[other].depth) std::swap(one, other);
      one = scopes_[one].parent;
    }
    return one;
  }

  void need(NodeId id, ScopeId scope) {
    if (id == no_node) return;
    scope_of_[id] = scope_of_[id] == no_scope ? scope : common(scope_of_[id], scope);
  }

  void place_in_scopes(std::span<const Root> roots) {
    scopes_.push_back({});
    scope_of_.assign(graph_.size(), no_scope);
    alias_.assign(graph_.size(), no_node);
    last_use_.assign(graph_.size(), 0);
    for (const Root& root : roots) {
      need(root.demand, root_scope);
      need(root.node, root.demand == no_node ? root_scope : child(root_scope, root.demand));
    }
    for (NodeId id = static_cast<NodeId>(graph_.size()); id-- > 0;) {
      const ScopeId scope = scope_of_[id];
      if (scope == no_scope) continue;
      const Node& node = graph_.node(id);
      need(node.a, scope);
      need(node.b, node.op == Operator::mask_and ? child(scope, node.a) : scope);
      need(node.c, scope);
      need(node.guard, scope);
    }
    for (NodeId id = 0; id < graph_.size(); ++id)
      if (scope_of_[id] != no_scope && has_operation(id)) scopes_[scope_of_[id]].nodes.push_back(id);
  }

  bool has_operation(NodeId id) const {
    switch (graph_.node(id).op) {
      case Operator::constant_false:
      case Operator::constant_true:
      case Operator::input_bits:
      case Operator::input_presence:
      case Operator::present_result:
      case Operator::failed_result:
      case Operator::constant:
      case Operator::input:
        return false;
      default:
        return true;
    }
  }

  void emit(ScopeId scope, NodeId before) {
    while (scopes_[scope].emitted < scopes_[scope].nodes.size()) {
      const NodeId id = scopes_[scope].nodes[scopes_[scope].emitted];
      if (id >= before) return;
      ++scopes_[scope].emitted;
      emit_node(scope, id);
    }
  }

  void emit_node(ScopeId scope, NodeId id) {
    const Node& node = graph_.node(id);
    if (node.op == Operator::mask_and) {
      const ScopeId inner = child(scope, node.a);
      const std::vector<NodeId>& nodes = scopes_[inner].nodes;
      const auto end = static_cast<std::size_t>(std::lower_bound(nodes.begin(), nodes.end(), id) - nodes.begin());
      const bool pending = scopes_[inner].emitted < end;
      if (pending && nodes[end - 1] == node.b && guards_itself(graph_.node(node.b).op)) {
        // The comparison on the right looks at the left side itself: its result already is the `and`.
        emit_guarded(inner, node.b);
        emit(inner, id);
        alias_[id] = node.b;
        return;
      }
      emit_guarded(inner, id);
    }
    steps_.push_back({id, scopes_[scope].condition, 0});
  }

  // A skip around what is left of a scope before node `before`.
  void emit_guarded(ScopeId scope, NodeId before) {
    const std::size_t skip = steps_.size();
    steps_.push_back({no_node, scopes_[scope].condition, 0});
    emit(scope, before);
    steps_[skip].skip = static_cast<std::uint32_t>(steps_.size() - skip - 1);
    if (steps_[skip].skip == 0) steps_.pop_back();
  }

  // The node whose register holds this node's result.
  NodeId resolve(NodeId id) const {
    while (alias_[id] != no_node) id = alias_[id];
    return id;
  }

  template <typename Body>
  void for_each_operand(const Step& step, Body&& body) const {
    if (step.demand != no_node) body(resolve(step.demand));
    if (step.node == no_node) return;
    const Node& node = graph_.node(step.node);
    for (const NodeId operand : {node.a, node.b, node.c, node.guard})
      if (operand != no_node) body(resolve(operand));
  }

  void find_last_uses() {
    for (std::size_t position = 0; position < steps_.size(); ++position)
      for_each_operand(steps_[position], [&](NodeId id) { last_use_[id] = std::max(last_use_[id], position); });
  }

  void give_registers();
  std::uint32_t take_register(NodeId id);
  void free_register(NodeId id);
  Operation make_operation(const Step& step) const;
  Program finish();

  const Graph& graph_;
  InstructionSet set_;
  std::vector<Scope> scopes_;
  std::map<std::pair<ScopeId, NodeId>, ScopeId> children_;
  std::vector<ScopeId> scope_of_;
  std::vector<NodeId> alias_;
  std::vector<std::size_t> last_use_;
  std::vector<Step> steps_;
  // Free registers: masks, slots of 8 bytes a value, slots of 16.
  enum RegisterClass : std::uint8_t { mask_register, narrow_register, wide_register };
  RegisterClass class_of(NodeId id) const {
    const ValueType type = graph_.node(id).type;
    if (type == ValueType::boolean) return mask_register;
    return type == ValueType::string || type == ValueType::geo || type == ValueType::ip ? wide_register : narrow_register;
  }
  std::vector<std::uint32_t> free_[3];
  std::vector<std::vector<NodeId>> dying_;      // by position: nodes read there for the last time
  std::vector<NodeId> present_of_, failed_of_;  // by node: its reachable second results
  static constexpr MaskIndex mask_discard = 2;  // for second results that nobody reads
  static constexpr MaskIndex masks_fixed = 3;
  Program program_;
};

std::uint32_t ProgramBuilder::take_register(NodeId id) {
  const RegisterClass kind = class_of(id);
  std::uint32_t index = 0;
  if (!free_[kind].empty()) {
    index = free_[kind].back();
    free_[kind].pop_back();
  } else if (kind == mask_register) {
    index = static_cast<std::uint32_t>(program_.mask_count_++);
  } else {
    index = static_cast<std::uint32_t>(program_.slot_bytes_.size());
    program_.slot_bytes_.push_back(kind == wide_register ? 16 : 8);
  }
  program_.places_[id] = index;
  return index;
}

void ProgramBuilder::free_register(NodeId id) {
  const Node& node = graph_.node(id);
  const bool is_register = has_operation(id) || node.op == Operator::present_result || node.op == Operator::failed_result;
  if (is_register) free_[class_of(id)].push_back(program_.places_[id]);
}

// Fixed places first (inputs, constants), then registers in the order of the steps. A register is given back behind the step that reads
// it last; skips only jump forward, so nothing behind reads what was left out.
void ProgramBuilder::give_registers() {
  program_.inputs_ = graph_.inputs();
  program_.places_.assign(graph_.size(), Program::nowhere);
  program_.mask_count_ = masks_fixed + 2 * program_.inputs_.size();
  for (std::uint32_t index = 0; index < program_.inputs_.size(); ++index)
    program_.input_places_.push_back({index, masks_fixed + 2 * index, masks_fixed + 2 * index + 1});
  program_.slot_bytes_.assign(program_.inputs_.size(), 0);
  present_of_.assign(graph_.size(), no_node);
  failed_of_.assign(graph_.size(), no_node);
  dying_.resize(steps_.size());
  for (NodeId id = 0; id < graph_.size(); ++id) {
    if (scope_of_[id] == no_scope) continue;
    const Node& node = graph_.node(id);
    const auto parameter = static_cast<std::size_t>(node.parameter);
    if (node.op == Operator::constant_true) program_.places_[id] = mask_rows;
    if (node.op == Operator::constant_false) program_.places_[id] = mask_empty;
    if (node.op == Operator::input) program_.places_[id] = program_.input_places_[parameter].slot;
    if (node.op == Operator::input_bits) program_.places_[id] = program_.input_places_[parameter].bits;
    if (node.op == Operator::input_presence) program_.places_[id] = program_.input_places_[parameter].presence;
    if (node.op == Operator::constant) {
      program_.places_[id] = static_cast<std::uint32_t>(program_.slot_bytes_.size());
      program_.slot_bytes_.push_back(class_of(id) == wide_register ? 16 : 8);
      program_.constant_slots_.emplace_back(program_.places_[id], node);
    }
    if (node.op == Operator::present_result) present_of_[node.a] = id;
    if (node.op == Operator::failed_result) failed_of_[node.a] = id;
    if (last_use_[id] != forever && last_use_[id] < steps_.size()) dying_[last_use_[id]].push_back(id);
  }
  for (std::size_t position = 0; position < steps_.size(); ++position) {
    const NodeId id = steps_[position].node;
    if (id != no_node) {
      take_register(id);
      if (present_of_[id] != no_node) take_register(present_of_[id]);
      if (failed_of_[id] != no_node) take_register(failed_of_[id]);
    }
    for (const NodeId dead : dying_[position])
      if (program_.places_[dead] != Program::nowhere) free_register(dead);
  }
}

Operation ProgramBuilder::make_operation(const Step& step) const {
  const auto place = [this](NodeId id, std::uint32_t otherwise) { return id == no_node ? otherwise : program_.places_[resolve(id)]; };
  Operation operation;
  operation.demand = place(step.demand, mask_rows);
  if (step.node == no_node) {
    operation.guard = operation.demand;
    operation.skip = step.skip;
    return operation;
  }
  const Node& node = graph_.node(step.node);
  operation.kernel = find_kernel(graph_, node, set_);
  operation.result = program_.places_[step.node];
  operation.a = place(node.a, 0);
  operation.b = place(node.b, operation.a);
  operation.c = place(node.c, 0);
  operation.guard = place(node.guard, mask_rows);
  operation.present = place(present_of_[step.node], mask_discard);
  operation.failed = place(failed_of_[step.node], mask_discard);
  operation.parameter = node.parameter;
  operation.attachment = node.attachment;
  for (const std::uint32_t used : {operation.result, operation.a, operation.b, operation.guard, operation.demand})
    WEIR_CHECK(used != Program::nowhere);
  return operation;
}

Program ProgramBuilder::finish() {
  for (const Step& step : steps_) program_.operations_.push_back(make_operation(step));
  for (NodeId id = 0; id < graph_.size(); ++id)
    if (alias_[id] != no_node) program_.places_[id] = program_.places_[resolve(id)];
  program_.constants_ = graph_.constants();
  program_.texts_ = graph_.texts();
  return std::move(program_);
}

Program build_program(const Graph& graph, std::span<const Root> roots, InstructionSet set) {
  return ProgramBuilder(graph, set).build(roots);
}

}  // namespace weir::evaluate
