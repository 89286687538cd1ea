#include "rules/language/definition_order.h"

#include <string_view>
#include <unordered_map>

namespace weir {

namespace {

using Positions = std::unordered_map<std::string_view, std::size_t>;

// Definitions that an expression names. Expressions are at most limits::nesting_depth_max deep.
void collect(const SyntaxExpression& expression, const Positions& positions, std::vector<std::size_t>& into) {
  if (expression.kind == SyntaxKind::name) {
    const auto found = positions.find(expression.text);
    if (found != positions.end()) into.push_back(found->second);
  }
  for (const SyntaxExpressionPointer& operand : expression.operands) collect(*operand, positions, into);
  if (!expression.aggregate) return;
  for (const SyntaxExpressionPointer& argument : expression.aggregate->arguments) collect(*argument, positions, into);
  for (const SyntaxName& part : expression.aggregate->by)
    if (const auto found = positions.find(part.text); found != positions.end()) into.push_back(found->second);
  if (expression.aggregate->where) collect(*expression.aggregate->where, positions, into);
}

struct Visit {
  std::size_t definition = 0;
  std::vector<std::size_t> reads;
  std::size_t next = 0;
};

enum class State : std::uint8_t { untouched, open, done };

}  // namespace

std::vector<std::size_t> definition_order(std::vector<Definition>& definitions) {
  Positions positions;
  for (std::size_t index = 0; index < definitions.size(); ++index) positions.emplace(definitions[index].name.text, index);
  std::vector<State> states(definitions.size(), State::untouched);
  std::vector<std::size_t> order;
  std::vector<Visit> stack;
  const auto open = [&](std::size_t index) {
    states[index] = State::open;
    Visit visit{index, {}, 0};
    if (definitions[index].value) collect(*definitions[index].value, positions, visit.reads);
    stack.push_back(std::move(visit));
  };
  for (std::size_t root = 0; root < definitions.size(); ++root) {
    if (states[root] != State::untouched) continue;
    open(root);
    while (!stack.empty()) {
      Visit& visit = stack.back();
      if (visit.next == visit.reads.size()) {
        states[visit.definition] = State::done;
        order.push_back(visit.definition);
        stack.pop_back();
        continue;
      }
      const std::size_t read = visit.reads[visit.next++];
      if (states[read] == State::untouched) {
        open(read);
      } else if (states[read] == State::open && !definitions[read].circular) {
        Definition& definition = definitions[read];
        definition.circular = true;
        definition.reporter->error("R0206", definition.name.span, in_backticks(definition.name.text) + " reads itself",
                                   visit.definition == read ? "" : "through " + in_backticks(definitions[visit.definition].name.text));
      }
    }
  }
  return order;
}

}  // namespace weir
