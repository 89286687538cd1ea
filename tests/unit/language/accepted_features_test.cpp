// Whatever aggregate, value and key the checker lets through, the feature store can plan.
#include <gtest/gtest.h>

#include "engine/features/feature_plan.h"
#include "tests/unit/language/checking.h"

namespace weir {
namespace {

TEST(AcceptedFeatures, CanAllBePlanned) {
  const std::vector<std::string> aggregates{"count", "sum", "avg", "min", "max", "stddev", "distinct", "first", "last", "median", "mode"};
  const std::vector<std::string> values{"device_id",       "created_at", "mcc",     "amount",         "approved", "risk", "geo",
                                        "age(created_at)", "amount * 2", "mcc / 2", "lower(country)", "mcc > 5",  "7",    "2.5",
                                        "\"x\"",           "true"};
  const std::vector<std::string> keys{"card_id", "device_id", "mcc", "amount", "approved"};
  std::size_t accepted = 0;
  for (const std::string& aggregate : aggregates) {
    for (const std::string& value : values) {
      for (const std::string& key : keys) {
        const auto checked = checking::check("feature f = " + aggregate + "(" + value + ") by " + key +
                                             " over 1h where approved\nrule r \"R\" { when f is present then alert }\n");
        if (!checked->rules) {
          EXPECT_EQ(checked->codes(), "R0403") << aggregate << " " << value << " " << key;
          continue;
        }
        ++accepted;
        std::vector<DerivedColumnSpec> derived;
        for (const DerivedColumn& column : checked->rules->derived) derived.push_back(column.spec);
        const std::vector<FeatureIndex> held{0};
        EXPECT_EQ(plan_features(checked->rules->features, held, checked->rules->event, derived, 30'000).size(), 1U);
      }
    }
  }
  EXPECT_EQ(accepted, 600U);
}

TEST(AcceptedFeatures, MayEndTheirConditionWithAFunction) {
  const std::vector<std::string> conditions{"starts_with(country, \"D\")", "mcc == length(country)", "approved and mcc > min(1, 2)",
                                            "not contains(lower(country), \"x\")"};
  const std::vector<std::string> tails{" excluding this event", " over 1h", " over 1h delay 7d", " over 1h inclusive excluding this event"};
  for (const std::string& condition : conditions) {
    for (const std::string clauses :
         {" excluding this event", " over 1h", " over 1h delay 7d", " over 1h inclusive excluding this event"}) {
      const std::string window = clauses.find("over") == std::string::npos ? " over 1h" : "";
      const auto checked = checking::check("feature f = count() by card_id" + window + " where " + condition + clauses +
                                           "\nrule r \"R\" { when f > 1 then alert }\n");
      EXPECT_TRUE(checked->rules) << condition << clauses << ": " << checked->codes();
    }
  }
}

}  // namespace
}  // namespace weir
