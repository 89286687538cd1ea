#include "connectors/console/console_settings.h"

#include "engine/settings/field_reader.h"

namespace weir {

void describe(FieldReader&, ConsoleSinkSettings&) {}

}  // namespace weir
