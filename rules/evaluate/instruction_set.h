// Which vector instructions the kernels may use. Every set gives the same bits; a better one only gives them sooner.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

// Functions compiled for one instruction set whatever the build's own flags are. Never called where the processor lacks it.
#if defined(__x86_64__)
#define WEIR_VECTOR_KERNELS 1
#define WEIR_TARGET_AVX2 __attribute__((target("avx2")))
#define WEIR_TARGET_AVX512 __attribute__((target("avx2,avx512f,avx512dq,avx512vl")))
#else
#define WEIR_VECTOR_KERNELS 0
#endif

namespace weir::evaluate {

enum class InstructionSet : std::uint8_t { portable, avx2, avx512 };

// The best set of this processor; asked once when a rule set is compiled.
InstructionSet best_instruction_set();
// All sets that this processor can run, portable first.
std::vector<InstructionSet> available_instruction_sets();
std::string_view to_string(InstructionSet set);

}  // namespace weir::evaluate
