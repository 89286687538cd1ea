// From the masks of one block to its decisions: fired rules by row, scores, outcomes, reasons, updates, errors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/event/decision.h"
#include "rules/evaluate/compiled_rules.h"

namespace weir::evaluate {

// Of all reasons of one decision together; text beyond is left out.
constexpr std::size_t reason_bytes_max = std::size_t{48} * 1024;
// Keys and bodies of all profile updates of one event together. A rule whose own no longer fit makes none, which is among the decision's
// errors.
constexpr std::size_t update_bytes_max = std::size_t{256} * 1024;

// One lane's; keeps its memory between batches.
class DecisionFiller {
 public:
  // Empties `decisions` and sizes it for `rows`. Rows that no `fill_block` mentions keep score 0 and the outcome of `otherwise`.
  void begin(const CompiledRules& rules, std::size_t rows, DecisionBatch& decisions);
  // After the judging program ran for the block. Blocks come in ascending order, each once.
  void fill_block(const CompiledRules& rules, const ProgramMemory& memory, std::size_t block, std::uint64_t judged,
                  DecisionBatch& decisions, FeedbackWrites* writes = nullptr);
  // In waves: blocks come in any order and several times, each row once; `end_waves` puts everything in the order of rows.
  void begin_waves(std::size_t rows) { ranges_.assign(rows, {}); }
  void fill_wave_block(const CompiledRules& rules, const ProgramMemory& memory, std::size_t block, std::uint64_t judged,
                       DecisionBatch& decisions, FeedbackWrites& writes);
  void end_waves(DecisionBatch& decisions);
  // A block of which no row is judged.
  void skip_block(std::size_t block, DecisionBatch& decisions) const;

 private:
  struct Hit {
    const CompiledRule* rule = nullptr;
    std::uint64_t rows = 0;
  };

  void transpose(const ProgramMemory& memory, std::size_t first, std::size_t rows, DecisionBatch& decisions) const;
  void add_updates(const ProgramMemory& memory, std::size_t first, DecisionBatch& decisions, FeedbackWrites* writes);
  void add_shadows(const CompiledRules& rules, const ProgramMemory& memory, std::size_t first,
                   const std::array<OutcomeIndex, block_rows>& forced, DecisionBatch& decisions);
  void add_error(std::uint32_t row, std::uint32_t rule, std::string_view why, std::optional<std::uint32_t>& written,
                 DecisionBatch& decisions);
  void add_errors(const CompiledRules& rules, const ProgramMemory& memory, std::size_t first, std::size_t before, DecisionBatch& decisions);

  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  std::optional<std::uint32_t> overflow_begin_;  // in the batch's text, where it was needed
  std::optional<std::uint32_t> left_out_begin_;
  std::vector<Hit> hits_;          // rules that fired on some row of the block, ascending
  std::vector<Hit> shadows_;       // likewise in shadow
  std::vector<Range> ranges_;      // in waves, by row: its fired rules
  std::vector<FiredRule> sorted_;  // likewise: the fired rules of all rows in their order
};

}  // namespace weir::evaluate
