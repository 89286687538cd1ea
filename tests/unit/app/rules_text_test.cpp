#include <sstream>

#include <gtest/gtest.h>

#include "engine/app/configuration.h"
#include "rules/language/limits.h"

namespace weir {
namespace {

// Never ends: the file that somebody names by mistake is a device.
class Endless : public std::streambuf {
 protected:
  int_type underflow() override {
    setg(bytes_, bytes_, bytes_ + sizeof bytes_);
    return traits_type::to_int_type(bytes_[0]);
  }

 private:
  char bytes_[4'096] = {};
};

TEST(RulesText, IsReadToItsEnd) {
  std::istringstream stream(std::string(200'000, 'a'));
  EXPECT_EQ(read_rules_text(stream).size(), 200'000U);
  std::istringstream nothing;
  EXPECT_EQ(read_rules_text(nothing), "");
}

TEST(RulesText, IsReadNotMuchFurtherThanItsLimit) {
  Endless bytes;
  std::istream stream(&bytes);
  const std::string text = read_rules_text(stream);
  EXPECT_GT(text.size(), limits::rules_file_bytes_max);
  EXPECT_LT(text.size(), 2 * limits::rules_file_bytes_max);
}

}  // namespace
}  // namespace weir
