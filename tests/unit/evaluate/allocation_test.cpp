// The data plane allocates nothing once it has seen a batch of each size.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "rules/evaluate/rule_set.h"
#include "tests/support/random_rules.h"

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

// Counts every allocation of this test program. Not inlined, since g++ would then take malloc and free for a mismatched pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size != 0 ? size : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace weir::test {
namespace {

TEST(RuleScorer, AllocatesNothingAfterWarmUp) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomRuleSet set = make_random_rules(seed, 24);
    set.rules.patterns.assign(set.rules.patterns.size(), "a");  // RE2 builds its automaton as texts come
    const std::shared_ptr<const Scorer> scorer = RuleSet::compile(set.rules, set.options).take();
    const std::unique_ptr<ScorerScratch> scratch = scorer->make_scratch();
    RandomBatch batch;
    DecisionBatch decisions;
    for (int round = 0; round < 3; ++round) {
      fill_random_batch(set.rules, seed, 256, batch);
      const std::size_t before = allocations.load();
      scorer->prepare(batch.events, *scratch);
      scorer->score(batch.events, batch.features, decisions, *scratch);
      if (round == 2) {
        EXPECT_EQ(allocations.load() - before, 0U) << "rule set " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace weir::test
