#include <gtest/gtest.h>

#include "tests/unit/language/checking.h"

namespace weir {
namespace {

using checking::condition;

TEST(Expressions, IntegersMeetDecimalsAtTheDecimalsDigits) {
  EXPECT_EQ(condition("amount <= 2000"), "less_equal(amount, 200000:decimal2)");
  EXPECT_EQ(condition("mcc > amount"), "greater(convert(mcc):decimal2, amount)");
  EXPECT_EQ(condition("mcc > 5.50"), "greater(convert(mcc):decimal1, 55:decimal1)");
  EXPECT_EQ(condition("amount == 12.30"), "equal(amount, 1230:decimal2)");
  EXPECT_EQ(condition("amount < fee"), "less(convert(amount):decimal4, fee)");
}

TEST(Expressions, LiteralsMeetFloatsAsTheNearestFloat) {
  EXPECT_EQ(condition("amount > avg_1d + 3 * avg_1d + 0.00137"),
            "greater(convert(amount):float, add(add(avg_1d, multiply(3.000000:float, avg_1d):float):float, 0.001370:float):float)");
  EXPECT_EQ(condition("amount <= avg_1d / 20 - 0.00137"),
            "less_equal(convert(amount):float, subtract(divide(avg_1d, 20.000000:float):float, 0.001370:float):float)");
  EXPECT_EQ(condition("risk > 0.12345678901234"), "greater(risk, 0.123457:float)");
}

TEST(Expressions, ProductsOfDecimalsAreExactWhereTheyCanBe) {
  EXPECT_EQ(condition("amount * 3 > 1"), "greater(multiply(amount, 3:int):decimal2, 100:decimal2)");
  EXPECT_EQ(condition("3 * amount > 1"), "greater(multiply(amount, 3:int):decimal2, 100:decimal2)");
  EXPECT_EQ(condition("mcc * amount > 1"), "greater(multiply(amount, mcc):decimal2, 100:decimal2)");
  EXPECT_EQ(condition("0.8 * amount > 1"), "greater(multiply(amount, 8:decimal1):decimal3, 1000:decimal3)");
  EXPECT_EQ(condition("mcc * 0.8 > 1"), "greater(multiply(mcc, 8:decimal1):decimal1, 10:decimal1)");
  EXPECT_EQ(condition("amount * fee > 1"), "greater(multiply(convert(amount):float, convert(fee):float):float, 1.000000:float)");
  EXPECT_EQ(condition("fee * 0.123456 > 1"), "greater(multiply(convert(fee):float, 0.123456:float):float, 1.000000:float)");
}

TEST(Expressions, DivisionIsAlwaysOfFloats) {
  EXPECT_EQ(condition("mcc / 2 > 1"), "greater(divide(convert(mcc):float, 2.000000:float):float, 1.000000:float)");
  EXPECT_EQ(condition("mcc % 2 == 1"), "equal(remainder(mcc, 2:int):int, 1:int)");
}

TEST(Expressions, SumsTakeTheLargerNumberOfDigits) {
  EXPECT_EQ(condition("amount + fee > 1"), "greater(add(convert(amount):decimal4, fee):decimal4, 10000:decimal4)");
  EXPECT_EQ(condition("amount + 0.001 > 1"), "greater(add(convert(amount):decimal3, 1:decimal3):decimal3, 1000:decimal3)");
  EXPECT_EQ(condition("mcc - 1 > -5"), "greater(subtract(mcc, 1:int):int, -5:int)");
}

TEST(Expressions, TimesAndDurationsHaveTheirOwnArithmetic) {
  EXPECT_EQ(condition("created_at - 1h > 2026-01-01"),
            "greater(subtract(created_at, 3600000:duration):timestamp, 1767225600000:timestamp)");
  EXPECT_EQ(condition("1d + created_at > 2026-01-01"), "greater(add(created_at, 86400000:duration):timestamp, 1767225600000:timestamp)");
  EXPECT_EQ(condition("created_at - 2026-01-01 > 2 * 1d"),
            "greater(subtract(created_at, 1767225600000:timestamp):duration, multiply(86400000:duration, 2:int):duration)");
}

TEST(Expressions, BindAsInMathematics) {
  EXPECT_EQ(condition("mcc == 1 or mcc == 2 and not mcc == 3"), "or(equal(mcc, 1:int), and(equal(mcc, 2:int), not(equal(mcc, 3:int))))");
  EXPECT_EQ(condition("mcc + 2 * mcc - 1 == 0"), "equal(subtract(add(mcc, multiply(2:int, mcc):int):int, 1:int):int, 0:int)");
  EXPECT_EQ(condition("(mcc + 2) * mcc == 0"), "equal(multiply(add(mcc, 2:int):int, mcc):int, 0:int)");
  EXPECT_EQ(condition("- mcc * 2 == - 4"), "equal(multiply(negate(mcc):int, 2:int):int, -4:int)");
  EXPECT_EQ(condition("mcc > 1 and mcc > 2 and mcc > 3"), "and(greater(mcc, 1:int), greater(mcc, 2:int), greater(mcc, 3:int))");
}

TEST(Expressions, AMissingBoolIsFalseInACondition) {
  EXPECT_EQ(condition("approved"), "truth(approved)");
  EXPECT_EQ(condition("not approved and mcc == 1"), "and(not(truth(approved)), equal(mcc, 1:int))");
  EXPECT_EQ(condition("approved == false"), "equal(approved, false:bool)");
}

TEST(Expressions, NegatedComparisonsStayComparisons) {
  EXPECT_EQ(condition("mcc not in [2, 1, 2]"), "not_in_set(mcc)");
  EXPECT_EQ(condition("mcc not in @codes"), "not_in_list@codes(mcc)");
  EXPECT_EQ(condition("mcc not between 1 and 2.5"), "not_between(convert(mcc):decimal1, 10:decimal1, 25:decimal1)");
  EXPECT_EQ(condition("country not matches \"^\\d\""), "not_matches/^\\d/(country)");
  EXPECT_EQ(condition("country not contains \"x\""), "not(contains(country, \"x\":string))");
  EXPECT_EQ(condition("device_id not contains \"x\""), "and(is_present(device_id), not(contains(device_id, \"x\":string)))");
}

TEST(Expressions, FunctionsBringTheirArgumentsToOneType) {
  EXPECT_EQ(condition("max(mcc, 1.5, amount) > 3"), "greater(max(convert(mcc):decimal2, 150:decimal2, amount):decimal2, 300:decimal2)");
  EXPECT_EQ(condition("coalesce(device_id, \"none\") == \"x\""), "equal(coalesce(device_id, \"none\":string):string, \"x\":string)");
  EXPECT_EQ(condition("round(risk, 1) > 0.5"), "greater(round(risk):decimal1, 5:decimal1)");
  EXPECT_EQ(condition("round(amount) > 3 and round(mcc) > 3"), "and(greater(round(amount):int, 3:int), greater(mcc, 3:int))");
  EXPECT_EQ(condition("sqrt(mcc) > 3"), "greater(sqrt(convert(mcc):float):float, 3.000000:float)");
  EXPECT_EQ(condition("hour_of_day(created_at, \"Europe/Berlin\") == 3"),
            "equal(hour_of_day(created_at, \"Europe/Berlin\":string):int, 3:int)");
}

TEST(Expressions, EqualOnesAreOneNode) {
  const auto checked = checking::check(
      "rule a \"A\" { when amount > 5 and mcc == 1 then alert }\nrule b \"B\" { when amount > 5.00 and mcc == 2 then alert }\n");
  ASSERT_TRUE(checked->rules);
  const std::vector<Expression>& nodes = checked->rules->expressions;
  EXPECT_EQ(nodes[checked->rules->rules[0].when].operands[0], nodes[checked->rules->rules[1].when].operands[0]);
  EXPECT_EQ(checked->rules->expressions.size(), 10U);
}

TEST(Expressions, SetsAreSortedAndDistinctAtTheOperandsDigits) {
  const auto checked = checking::check("rule a \"A\" { when amount in [2.5, 1, 2.50] and mcc in [3, 1] then alert }\n");
  ASSERT_TRUE(checked->rules);
  EXPECT_EQ(checked->rules->sets[0].sorted_integers(), (std::vector<std::int64_t>{100, 250}));
  EXPECT_EQ(checked->rules->sets[0].scale, 2);
  EXPECT_EQ(checked->rules->sets[1].sorted_integers(), (std::vector<std::int64_t>{1, 3}));
}

TEST(Expressions, KnowWhatMayBeMissing) {
  const auto missing = [](const std::string& value) {
    const auto checked = checking::check("let value = " + value + "\nrule r \"R\" { when value is present then alert }\n");
    EXPECT_TRUE(checked->rules) << value << " " << checked->codes();
    return checked->rules && checked->rules->expressions[checked->rules->lets[0].value].may_be_missing;
  };
  EXPECT_FALSE(missing("amount + 1"));
  EXPECT_TRUE(missing("length(device_id)"));
  EXPECT_TRUE(missing("amount / mcc"));
  EXPECT_FALSE(missing("amount / 2"));
  EXPECT_TRUE(missing("mcc % mcc"));
  EXPECT_FALSE(missing("coalesce(device_id, country)"));
  EXPECT_FALSE(missing("device_id == \"x\""));
  EXPECT_FALSE(missing("count() by card_id over 1h"));
  EXPECT_TRUE(missing("count() by device_id over 1h"));
  EXPECT_TRUE(missing("max(amount) by card_id over 1h"));
  EXPECT_TRUE(missing("geo(risk, risk)"));
}

}  // namespace
}  // namespace weir
