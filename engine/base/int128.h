// 128-bit integers: sums of decimals and of their squares never overflow and never drift.
#pragma once

namespace weir {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

}  // namespace weir
