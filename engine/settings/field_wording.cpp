#include "engine/settings/field_wording.h"

namespace weir {

std::string ticked(std::string_view text) {
  return "`" + std::string(text) + "`";
}

std::string enumeration(const std::vector<std::string_view>& names, std::string_view last_word) {
  std::string out;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index > 0) out += index + 1 == names.size() ? " " + std::string(last_word) + " " : ", ";
    out += ticked(names[index]);
  }
  return out;
}

FieldDoc field_doc(std::string_view name, std::string_view type, std::string_view meaning, Presence presence) {
  FieldDoc doc;
  doc.name = name;
  doc.type = type;
  doc.meaning = meaning;
  doc.required = presence == Presence::required;
  return doc;
}

}  // namespace weir
