// What a config file may say about the console sink: nothing yet. Declared in console_settings.cpp.
#pragma once

namespace weir {

class FieldReader;

struct ConsoleSinkSettings {};

void describe(FieldReader& fields, ConsoleSinkSettings& to);

}  // namespace weir
