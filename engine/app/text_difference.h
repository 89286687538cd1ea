// Which lines of a text changed.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// Lines with "-" (gone), "+" (new) or a blank (three around each change) in front, a line "@@ N @@" with the line of the first text at the
// head of each stretch. Empty where the texts are the same. Stretches of more than 2,000 by 2,000 lines are shown as gone and new.
std::string text_difference(std::string_view before, std::string_view after);

}  // namespace weir
