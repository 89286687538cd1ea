#include "engine/event/value_type.h"

namespace weir {

std::string_view to_string(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "bool";
    case ValueType::integer:
      return "int";
    case ValueType::decimal:
      return "decimal";
    case ValueType::floating:
      return "float";
    case ValueType::string:
      return "string";
    case ValueType::timestamp:
      return "timestamp";
    case ValueType::duration:
      return "duration";
    case ValueType::geo:
      return "geo";
    case ValueType::ip:
      return "ip";
  }
  return "?";
}

}  // namespace weir
