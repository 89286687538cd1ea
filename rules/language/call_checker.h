// Checks calls of functions against their signatures and settles the type of the result.
#pragma once

#include <string>
#include <vector>

#include "rules/language/expression_checker.h"

namespace weir {

class CallChecker {
 public:
  explicit CallChecker(ExpressionChecker& checker) : checker_(checker), converter_(checker.converter()) {}

  TypedValue check(const SyntaxExpression& syntax);

 private:
  TypedValue unknown(const SyntaxExpression& syntax);
  TypedValue with_types(const std::vector<ValueType>& types, CommonType result);
  TypedValue calendar();
  TypedValue rounding();
  TypedValue common(bool ordered_only);
  TypedValue network();
  TypedValue absolute();
  TypedValue call(CommonType result, std::vector<ExpressionIndex> operands, std::int64_t parameter = 0);
  TypedValue refuse();
  TypedValue refuse(const TypedValue& argument, const std::string& wanted);

  ExpressionChecker& checker_;
  Converter& converter_;
  const SyntaxExpression* syntax_ = nullptr;
  Function function_ = Function::age;
  std::vector<TypedValue> arguments_;
};

}  // namespace weir
