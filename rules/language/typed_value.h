// Values on their way from syntax to nodes: number literals stay text until it is known which type they are wanted in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/language/check_scope.h"
#include "rules/language/reporter.h"

namespace weir {

struct TypedValue {
  bool broken = false;                   // told already; whatever uses it is silent
  ExpressionIndex node = no_expression;  // none: a number literal
  ValueType type = ValueType::boolean;   // of a literal: integer without a point, decimal with one
  int scale = 0;                         // of a literal: the digits that it needs
  std::string number;                    // of a literal, with its sign
  SourceSpan span;

  bool is_literal() const { return !number.empty(); }
};

struct CommonType {
  ValueType type = ValueType::integer;
  int scale = 0;
};

bool is_number(ValueType type);
// Whether events are grouped by values of this type.
bool can_be_key(ValueType type);
// What to say where an address or a network was expected.
constexpr std::string_view ip_network_help =
    "addresses are \"10.0.0.1\" or \"2001:db8::1\", networks \"10.0.0.0/8\" with nothing behind their leading bits";

// "decimal(2)", "int", "float": for messages.
std::string type_text(ValueType type, int scale);
// "an int", "a decimal(4)".
std::string with_article(const std::string& noun);

// Whether text that stands in quotes could have been a value of the type without them.
bool is_value_of(ValueType type, std::string_view text);

// Makes nodes of values and converts between number types; complains in the file of its reporter.
class Converter {
 public:
  Converter(CheckScope& scope, Reporter& reporter) : scope_(scope), reporter_(reporter) {}

  TypedValue number_literal(const std::string& text, SourceSpan span);
  TypedValue literal(ValueType type, LiteralValue value, SourceSpan span);
  TypedValue broken(SourceSpan span) const;
  // The value of a node that exists, or that is added.
  TypedValue node(ExpressionIndex index, SourceSpan span) const;
  TypedValue add(Expression expression, SourceSpan span);

  // The type in which two values can be compared or added; nothing when there is none.
  static std::optional<CommonType> common_type(const TypedValue& left, const TypedValue& right);
  // `value` as a node of that type. Precondition: the conversion exists (see common_type). Literals out of range are complained about;
  // `no_expression` then.
  ExpressionIndex convert(const TypedValue& value, CommonType wanted);
  // A node of the value's own type.
  ExpressionIndex convert(const TypedValue& value) { return convert(value, {value.type, value.scale}); }

 private:
  ExpressionIndex convert_literal(const TypedValue& value, CommonType wanted);

  CheckScope& scope_;
  Reporter& reporter_;
};

}  // namespace weir
