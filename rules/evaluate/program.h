// A compiled part of a rule set: operations in order, run over blocks of 64 rows of a batch's columns. Immutable, shared by lanes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/arena.h"
#include "engine/base/bit_mask.h"
#include "engine/event/batch.h"
#include "rules/evaluate/expression_graph.h"
#include "rules/evaluate/operation.h"

namespace weir::evaluate {

// One lane's registers for one program. Made once; running allocates nothing.
class ProgramMemory {
 public:
  std::uint64_t mask(MaskIndex index) const { return masks_[index]; }
  template <typename T>
  const T* values(SlotIndex slot) const {
    return reinterpret_cast<const T*>(slots_[slot]);
  }

 private:
  friend class Program;
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<std::uint64_t> masks_;
  std::vector<std::byte*> slots_;
  std::vector<Line> lines_;
};

class Program {
 public:
  // What the columns given to `run` are, in order.
  std::span<const Input> inputs() const { return inputs_; }
  std::size_t operation_count() const { return operations_.size(); }

  ProgramMemory make_memory() const;

  // Computes all roots for rows 64 * block to 64 * block + 63 of the columns (as many as there are); `judged` are the block's rows that
  // count, not none. `text` receives strings that kernels make.
  void run(std::span<const Column* const> columns, std::size_t rows, std::size_t block, std::uint64_t judged, Arena& text,
           ProgramMemory& memory) const;

  // The rows of the block that have a value of the input, after `run`.
  MaskIndex presence_of_input(std::size_t input) const { return input_places_[input].presence; }

  // Where a root's result is after `run`.
  MaskIndex mask_of(NodeId root) const { return places_[root]; }
  SlotIndex slot_of(NodeId root) const { return places_[root]; }

 private:
  friend class ProgramBuilder;
  static constexpr std::uint32_t nowhere = 0xffffffff;

  // Memory: masks are rows, empty, discard, then two an input (bits, presence), then registers. Slots are inputs, constants, registers.
  struct InputPlace {
    SlotIndex slot = 0;
    MaskIndex bits = 0;
    MaskIndex presence = 0;
  };

  std::vector<Operation> operations_;
  std::vector<Input> inputs_;
  std::vector<InputPlace> input_places_;
  std::vector<std::uint32_t> places_;  // by node: mask or slot
  std::size_t mask_count_ = 0;
  std::vector<std::uint32_t> slot_bytes_;  // by slot: of one value; 0 for inputs
  std::vector<std::pair<SlotIndex, Node>> constant_slots_;
  std::vector<Constant> constants_;
  std::shared_ptr<const std::deque<std::string>> texts_;
};

}  // namespace weir::evaluate
