#include "bench/latency/decided_sets.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "bench/kafka/bench_topics.h"

namespace weir::bench {
namespace {

std::string_view after(std::string_view decision, std::string_view words) {
  const std::size_t at = decision.find(words);
  if (at == std::string_view::npos) fail("a decision without " + std::string(words) + ": " + std::string(decision));
  return decision.substr(at + words.size());
}

std::int64_t number_at(std::string_view text) {
  std::int64_t number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<DecidedSets::Decision> in_order(std::vector<DecidedSets::Decision> decisions) {
  std::sort(decisions.begin(), decisions.end(),
            [](const auto& one, const auto& two) { return std::tie(one.partition, one.offset) < std::tie(two.partition, two.offset); });
  return decisions;
}

}  // namespace

void DecidedSets::take(std::string_view decision, std::int64_t intended_ns, std::int64_t read_ns) {
  const std::string_view first = after(decision, "\"set ");
  const std::int64_t set = number_at(first);
  const std::int64_t last = number_at(after(first, "\"set "));
  const std::string_view hash = after(decision, "\"hash\":\"");
  const std::string_view own = hash.substr(0, hash.find('"'));
  auto known = sets_.find(own);
  if (known == sets_.end()) known = sets_.emplace(own, static_cast<std::uint32_t>(set)).first;
  if (set < 0 || last != set || known->second != set) fail("decided by a mixture of sets: " + std::string(decision));
  Decision decided;
  decided.intended_ns = intended_ns;
  decided.waited_ns = std::max<std::int64_t>(read_ns - intended_ns, 0);
  decided.set = static_cast<std::uint32_t>(set);
  decided.partition = static_cast<std::uint32_t>(number_at(after(decision, "\"partition\":")));
  decided.offset = number_at(after(decision, "\"offset\":"));
  decisions_.push_back(decided);
}

std::size_t DecidedSets::check(const std::vector<std::int64_t>& published_ns) const {
  const std::vector<Decision> all = in_order(decisions_);
  std::vector<std::size_t> decided(published_ns.size(), 0);
  for (std::size_t at = 0; at < all.size(); ++at) {
    const Decision& each = all[at];
    const auto place = [&] { return "partition " + std::to_string(each.partition) + ", offset " + std::to_string(each.offset); };
    const bool first = at == 0 || all[at - 1].partition != each.partition;
    const std::int64_t expected = first ? 0 : all[at - 1].offset + 1;
    if (each.offset != expected) fail(place() + (each.offset < expected ? ": decided twice" : ": records before it were not decided"));
    if (!first && each.set < all[at - 1].set) fail(place() + ": decided by an earlier set than the record before it");
    if (each.set >= published_ns.size() || each.intended_ns + each.waited_ns < published_ns[each.set])
      fail(place() + ": decided by set " + std::to_string(each.set) + " before there was one");
    ++decided[each.set];
  }
  if (decided.back() == 0) fail("nothing was decided by the last set");
  return static_cast<std::size_t>(std::count_if(decided.begin(), decided.end(), [](std::size_t events) { return events > 0; }));
}

std::vector<DecidedSets::Decision> DecidedSets::take_overs() const {
  std::vector<Decision> first;
  for (const Decision& each : in_order(decisions_))
    if (first.empty() || first.back().partition != each.partition || first.back().set != each.set) first.push_back(each);
  return first;
}

}  // namespace weir::bench
