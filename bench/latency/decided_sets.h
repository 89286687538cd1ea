// Which rule set decided which event of a run, and whether that can be right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

// How rules files name themselves in the reasons of their first and their last rule: "set 7 begins", "set 7 ends".
class DecidedSets {
 public:
  struct Decision {
    std::int64_t intended_ns = 0;
    std::int64_t waited_ns = 0;  // until it was read
    std::uint32_t set = 0;
    std::uint32_t partition = 0;
    std::int64_t offset = 0;
  };

  explicit DecidedSets(std::size_t decisions_expected) { decisions_.reserve(decisions_expected); }

  // A decision as it was read. Ends the program where it names no set, or two.
  void take(std::string_view decision, std::int64_t intended_ns, std::int64_t read_ns);

  // After the last one: how many sets decided something, for one that is replaced before it is read never does. Ends the program unless
  // every record of every partition was decided once, by sets in the order in which they were `published_ns` (by set), the last one
  // included, and none before it was published.
  std::size_t check(const std::vector<std::int64_t>& published_ns) const;

  const std::vector<Decision>& decisions() const { return decisions_; }

  // By partition and set: when its first record should have been sent.
  std::vector<Decision> take_overs() const;

 private:
  std::map<std::string, std::uint32_t, std::less<>> sets_;  // by the hash of the rule set
  std::vector<Decision> decisions_;
};

}  // namespace weir::bench
