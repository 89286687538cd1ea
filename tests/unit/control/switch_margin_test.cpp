// How far ahead a switch is announced.
#include "engine/control/switch_margin.h"

#include <chrono>

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

TEST(SwitchMargin, IsWhatADiskTakesSeveralTimesWithinItsBounds) {
  SwitchMargin margin;
  EXPECT_EQ(margin.span(), SwitchMargin::shortest);
  margin.append_took(2ms);
  EXPECT_EQ(margin.span(), SwitchMargin::shortest);
  margin.append_took(90ms);
  EXPECT_EQ(margin.span(), 270ms);
  EXPECT_EQ(margin.one_append(), 90ms);
  margin.append_took(2'000ms);
  EXPECT_EQ(margin.span(), SwitchMargin::longest);
}

TEST(SwitchMargin, ForgetsASlowAppendAfterManyFastOnes) {
  SwitchMargin margin;
  margin.append_took(150ms);
  for (int append = 0; append < 10; ++append) margin.append_took(1ms);
  EXPECT_GT(margin.span(), 350ms);
  for (int append = 0; append < 100; ++append) margin.append_took(1ms);
  EXPECT_EQ(margin.span(), SwitchMargin::shortest);
}

}  // namespace
}  // namespace weir
