// Valid records, damaged at random, parsed here and by simdjson's DOM: in strict mode both accept the same documents and read the same
// values.
#include <array>

#include "engine/base/random.h"
#include "tests/unit/parse/parse_fixture.h"
#include "tests/unit/parse/parse_oracle.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 5> seeds{
    R"({"id":"p1","created_at":1767225600123,"amount":12.34,"mcc":5411,"approved":true,"ratio":0.25,"geo":{"lat":52.5,"lon":13.4},"device_id":"d1"})",
    R"({"amount":-0.5e1,"x":[1,2.5,{"y":"z\n"},null,[]],"id":"","created_at":"2026-01-31T09:05:00.5+01:00","device_id":"\u00e9\ud83d\ude00","mcc":null})",
    R"( { "id" : "a b" , "geo" : { "lon" : -1e1 , "q" : { } , "lat" : 0 } , "amount" : 100 , "created_at" : 0 , "approved" : false } )",
    R"({"\u0069d":"naughty \"'<>&%s{}[]:,","amount":1.0000,"created_at":1,"a_field_with_a_name_longer_than_sixteen":-7,"seen_s":1.5,"ratio":-1E-3})",
    R"~({"user_agent":"Mozilla/5.0 (X11)","id":"p2","amount":9999.99,"created_at":1767225600124,"ip":"10.0.0.1","deep":{"a":{"b":{"c":[[[1]]]}}}})~",
};
constexpr std::string_view bytes_of_interest = "{}[]:,\"\\ \t\n0123456789.eE+-truefalsn/\x01\x7f\x80\xc3\xff";

class MutationTest : public ParseTest {
 protected:
  std::string mutate(std::string text) {
    const std::size_t changes = random_.below(4);
    for (std::size_t change = 0; change <= changes && !text.empty(); ++change) {
      const std::size_t at = random_.below(text.size());
      const std::size_t length = std::min<std::size_t>(1 + random_.below(12), text.size() - at);
      switch (random_.below(6)) {
        case 0:
          text[at] = bytes_of_interest[random_.below(bytes_of_interest.size())];
          break;
        case 1:
          text.insert(at, 1, bytes_of_interest[random_.below(bytes_of_interest.size())]);
          break;
        case 2:
          text.erase(at, length);
          break;
        case 3:
          text.insert(random_.below(text.size()), text.substr(at, length));
          break;
        case 4:
          text.resize(at);
          break;
        default:
          text[at] = static_cast<char>(random_.below(256));
          break;
      }
    }
    return text;
  }

  Random random_{20260131};
};

TEST_F(MutationTest, StrictParsingAgreesWithTheDom) {
  limits.strict = true;
  std::size_t accepted_count = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = mutate(std::string(seeds[random_.below(seeds.size())]));
    parse({with(""), text, with("")});
    const bool accepted = rejects.empty();
    ASSERT_EQ(events.rows, accepted ? 3U : 2U) << text;
    if (!accepted) {
      ASSERT_EQ(rejects.size(), 1U);
      ASSERT_EQ(rejects[0].record, 1U);
      ASSERT_TRUE(rejects[0].byte_position == Reject::no_position || rejects[0].byte_position <= text.size()) << text;
      continue;
    }
    ++accepted_count;
    parse({text});
    ASSERT_EQ(differs_from_dom(text, schema, events, true), "") << text;
  }
  EXPECT_GT(accepted_count, 1000U);
}

TEST_F(MutationTest, SeedsAreAcceptedAndReadAsTheDomReadsThem) {
  for (const std::string_view seed : seeds) {
    parse({std::string(seed)});
    ASSERT_TRUE(rejects.empty()) << seed << reject_message(rejects[0], schema);
    EXPECT_EQ(differs_from_dom(std::string(seed), schema, events, true), "") << seed;
  }
}

}  // namespace
}  // namespace weir
