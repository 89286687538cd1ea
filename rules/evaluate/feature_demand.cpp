#include "rules/evaluate/feature_demand.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace weir::evaluate {
namespace {

// Beyond these a demand is not worth keeping: everything is computed, as without one.
constexpr std::size_t floors_max = 16;
constexpr std::size_t steps_max = 20'000'000;  // nodes of the graph times keys

// The rows on which a node's result is read.
class Demand {
 public:
  void add_always() {
    always_ = true;
    floors_.clear();
  }
  void add(const CountFloor& floor) {
    if (always_) return;
    const auto same = [&](const CountFloor& known) { return known.feature == floor.feature; };
    if (const auto known = std::find_if(floors_.begin(), floors_.end(), same); known != floors_.end()) {
      known->at_least = std::min(known->at_least, floor.at_least);
    } else if (floors_.size() == floors_max) {
      add_always();
    } else {
      floors_.push_back(floor);
    }
  }
  void add(const Demand& other) {
    if (other.always_) return add_always();
    for (const CountFloor& floor : other.floors_) add(floor);
  }

  bool is_none() const { return !always_ && floors_.empty(); }
  std::optional<std::vector<CountFloor>> floors() const { return always_ ? std::nullopt : std::optional(floors_); }

 private:
  bool always_ = false;
  std::vector<CountFloor> floors_;
};

bool is_counted(const FeatureSpec& feature) {
  return feature.aggregate == Aggregate::count && !feature.is_span() && !feature.is_feedback();
}

// Of the features with one key, in one walk up the graph and one down.
class KeyDemand {
 public:
  KeyDemand(const Graph& graph, const std::vector<FeatureSpec>& features, const FeatureSpec& like)
      : graph_(graph), features_(features), like_(like), floors_(graph.size()), demands_(graph.size()), read_(features.size()) {
    for (NodeId id = 0; id < graph.size(); ++id) floors_[id] = floor_of(id);
  }

  void need(NodeId id, NodeId rows) {
    if (id == no_node) return;
    const std::optional<CountFloor> floor = rows == no_node ? std::nullopt : floors_[rows];
    floor ? demands_[id].add(*floor) : demands_[id].add_always();
  }

  void need(const FeatureReads& reads) {
    for (const std::uint32_t feature : reads.features)
      floors_[reads.rows] ? read_[feature].add(*floors_[reads.rows]) : read_[feature].add_always();
  }

  void find() {
    for (NodeId id = static_cast<NodeId>(graph_.size()); id-- > 0;) {
      const Demand demand = std::move(demands_[id]);
      if (demand.is_none()) continue;
      const Node& node = graph_.node(id);
      if (const std::optional<std::uint32_t> feature = feature_of(node)) read_[*feature].add(demand);
      if (node.op == Operator::mask_and) {
        pass(node.a, demand, node.b);
        pass(node.b, demand, node.a);
      } else if (node.op == Operator::mask_and_not) {
        pass(node.a, demand, no_node);
        pass(node.b, demand, node.a);
      } else {
        for (const NodeId operand : {node.a, node.b, node.c, node.guard}) pass(operand, demand, no_node);
      }
    }
  }

  void give(std::vector<FeatureSpec>& features) const {
    for (std::size_t index = 0; index < features.size(); ++index)
      if (is_of_key(features[index]) && !features[index].is_feedback()) features[index].demand = read_[index].floors();
  }

 private:
  bool is_of_key(const FeatureSpec& feature) const { return feature.by == like_.by && feature.from == like_.from; }

  // Facts and patterns have columns behind the features.
  std::optional<std::uint32_t> feature_of(const Node& node) const {
    if (node.op != Operator::input && node.op != Operator::input_bits && node.op != Operator::input_presence) return std::nullopt;
    const Input& input = graph_.inputs()[static_cast<std::size_t>(node.parameter)];
    if (input.source != InputSource::feature || input.index >= features_.size()) return std::nullopt;
    return input.index;
  }

  // Below which the mask holds nowhere. Of several that of the shortest window: it is reached least often.
  std::optional<CountFloor> floor_of(NodeId id) const {
    const Node& node = graph_.node(id);
    switch (node.op) {
      case Operator::mask_and:
        return stricter(floors_[node.a], floors_[node.b]);
      case Operator::mask_and_not:
        return floors_[node.a];
      case Operator::equal:
      case Operator::greater_equal:
      case Operator::greater:
        break;
      default:
        return std::nullopt;
    }
    const std::optional<std::uint32_t> feature = feature_of(graph_.node(node.a));
    const Node& bound = graph_.node(node.b);
    if (!feature || !is_counted(features_[*feature]) || !is_of_key(features_[*feature])) return std::nullopt;
    if (bound.op != Operator::constant || node.parameter != 0) return std::nullopt;
    // `> k` as `>= k`: it may be computed once too often, and nothing is larger than the largest integer.
    return CountFloor{*feature, graph_.constant(bound).integer};
  }

  std::optional<CountFloor> stricter(const std::optional<CountFloor>& one, const std::optional<CountFloor>& other) const {
    if (!one || !other) return one ? one : other;
    const auto strictness = [this](const CountFloor& floor) { return std::pair(-features_[floor.feature].window_ms, floor.at_least); };
    return strictness(*one) < strictness(*other) ? other : one;
  }

  // What an operand is read for where the user's result is, and where `rows` holds besides.
  void pass(NodeId operand, const Demand& demand, NodeId rows) {
    if (operand == no_node) return;
    if (rows != no_node && floors_[rows]) return demands_[operand].add(*floors_[rows]);
    demands_[operand].add(demand);
  }

  const Graph& graph_;
  const std::vector<FeatureSpec>& features_;
  const FeatureSpec& like_;
  std::vector<std::optional<CountFloor>> floors_;  // by node
  std::vector<Demand> demands_;                    // by node
  std::vector<Demand> read_;                       // by feature
};

}  // namespace

void find_demand(const Graph& graph, std::span<const Root> roots, std::span<const FeatureReads> reads, std::vector<FeatureSpec>& features) {
  std::vector<const FeatureSpec*> keys;  // one feature of each
  for (const FeatureSpec& feature : features)
    if (std::none_of(keys.begin(), keys.end(), [&](const auto* known) { return known->by == feature.by && known->from == feature.from; }))
      keys.push_back(&feature);
  if (graph.size() * keys.size() > steps_max) return;
  for (const FeatureSpec* key : keys) {
    KeyDemand demand(graph, features, *key);
    for (const Root& root : roots) {
      demand.need(root.node, root.demand);
      demand.need(root.demand, no_node);
    }
    for (const FeatureReads& each : reads) demand.need(each);
    demand.find();
    demand.give(features);
  }
}

}  // namespace weir::evaluate
