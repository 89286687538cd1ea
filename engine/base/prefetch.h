// Asks for a cache line ahead of its use.
#pragma once

namespace weir {

// The empty statement keeps g++ from taking a function that only prefetches for one without effects and leaving out the call.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}

}  // namespace weir
