// Expressions as text in one layout, whatever their author's was.
#include <array>
#include <string>

#include "rules/language/syntax_tree.h"
#include "rules/language/time_literal.h"

namespace weir {

namespace {

// How tightly an expression binds; an operand that binds less tightly than its place asks for stands in parentheses.
enum Binding { loosest, conjunction, negation, comparison, sum, product, sign, tightest };

Binding binding(const SyntaxExpression& expression) {
  switch (expression.kind) {
    case SyntaxKind::between:
    case SyntaxKind::in:
    case SyntaxKind::matches:
    case SyntaxKind::presence:
      return comparison;
    case SyntaxKind::unary:
      return expression.text == "not" ? negation : sign;
    case SyntaxKind::aggregate:
      return expression.aggregate->where ? loosest : tightest;
    case SyntaxKind::binary:
      break;
    default:
      return tightest;
  }
  if (expression.text == "or") return loosest;
  if (expression.text == "and") return conjunction;
  if (expression.text == "+" || expression.text == "-") return sum;
  if (expression.text == "*" || expression.text == "/" || expression.text == "%") return product;
  return comparison;
}

std::string string_text(const std::string& value, bool raw) {
  std::string text = "\"";
  for (const char byte : value) {
    if (!raw && (byte == '"' || byte == '\\')) text += '\\';
    if (!raw && byte == '\n') {
      text += "\\n";
    } else if (!raw && byte == '\t') {
      text += "\\t";
    } else {
      text += byte;
    }
  }
  return text + '"';
}

std::string write(const SyntaxExpression& expression);

std::string write(const SyntaxExpression& expression, Binding place) {
  const std::string text = write(expression);
  return binding(expression) < place ? "(" + text + ")" : text;
}

template <typename Operands>
std::string join(const Operands& operands, std::string_view separator, Binding place) {
  std::string text;
  for (const auto& operand : operands) {
    if (!text.empty()) text += separator;
    text += write(*operand, place);
  }
  return text;
}

std::string write_aggregate(const SyntaxAggregate& aggregate) {
  std::string text(aggregate.function.text);
  text += "(" + join(aggregate.arguments, ", ", loosest) + ")";
  const auto add_names = [&text](const std::vector<SyntaxName>& names, std::string_view word) {
    for (std::size_t index = 0; index < names.size(); ++index) {
      text += index == 0 ? word : ", ";
      text += names[index].text;
    }
  };
  add_names(aggregate.from, " from ");
  add_names(aggregate.by, " by ");
  if (aggregate.last) text += " over last " + std::to_string(aggregate.last->events) + " events";
  if (aggregate.over) text += (aggregate.last ? " within " : " over ") + duration_text(aggregate.over->ms);
  if (aggregate.inclusive) text += " inclusive";
  if (aggregate.delay) text += " delay " + duration_text(aggregate.delay->ms);
  if (aggregate.where) text += " where " + write(*aggregate.where, loosest);
  if (aggregate.exclude_this_event) text += " excluding this event";
  return text;
}

std::string write_binary(const SyntaxExpression& expression) {
  const Binding own = binding(expression);
  if (own <= conjunction) return join(expression.operands, " " + expression.text + " ", static_cast<Binding>(own + 1));
  const Binding left = own == comparison ? sum : own;
  const std::string sign = (expression.flag ? " not " : " ") + expression.text + " ";
  return write(*expression.operands[0], left) + sign + write(*expression.operands[1], static_cast<Binding>(own + 1));
}

std::string write(const SyntaxExpression& expression) {
  const auto operand = [&expression](std::size_t index, Binding place) {
    return index < expression.operands.size() ? write(*expression.operands[index], place) : std::string();
  };
  const std::string negation_text = expression.flag ? " not" : "";
  switch (expression.kind) {
    case SyntaxKind::bad:
      return {};
    case SyntaxKind::name:
    case SyntaxKind::number:
      return expression.text;
    case SyntaxKind::string:
      return string_text(expression.text, false);
    case SyntaxKind::boolean:
      return expression.flag ? "true" : "false";
    case SyntaxKind::duration:
      return duration_text(expression.integer);
    case SyntaxKind::timestamp:
      return timestamp_text(expression.integer);
    case SyntaxKind::list_name:
      return "@" + expression.text;
    case SyntaxKind::set:
      return "[" + join(expression.operands, ", ", loosest) + "]";
    case SyntaxKind::unary:
      return expression.text + (expression.text == "not" ? " " : "") + operand(0, binding(expression));
    case SyntaxKind::binary:
      return write_binary(expression);
    case SyntaxKind::between:
      return operand(0, sum) + negation_text + " between " + operand(1, sum) + " and " + operand(2, sum);
    case SyntaxKind::in:
      return operand(0, sum) + negation_text + " in " + operand(1, sum);
    case SyntaxKind::matches:
      return operand(0, sum) + negation_text + " matches " +
             (expression.operands.size() > 1 ? string_text(expression.operands[1]->text, true) : "");
    case SyntaxKind::presence:
      return operand(0, sum) + (expression.flag ? " is present" : " is missing");
    case SyntaxKind::call:
      return expression.text + "(" + join(expression.operands, ", ", loosest) + ")";
    case SyntaxKind::aggregate:
      return write_aggregate(*expression.aggregate);
    case SyntaxKind::lookup:
      return "lookup(" + expression.text + ", " + operand(0, loosest) + ")." +
             (expression.names.empty() ? "" : std::string(expression.names[0].text));
    case SyntaxKind::profile: {
      std::string key;
      for (std::size_t part = 1; part < expression.names.size(); ++part)
        key.append(part > 1 ? ", " : "").append(expression.names[part].text);
      return "profile(" + key + ")." + std::string(expression.names[0].text);
    }
    case SyntaxKind::member:
      return std::string(expression.names[0].text) + "." + std::string(expression.names[1].text);
    case SyntaxKind::matched:
      return expression.text + " matched";
  }
  return {};
}

}  // namespace

std::string canonical_text(const SyntaxExpression& expression) {
  return write(expression);
}

}  // namespace weir
