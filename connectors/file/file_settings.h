// What a config file may say about files of JSON lines, as plain structs. Declared field by field in file_settings.cpp.
#pragma once

#include <filesystem>

#include "connectors/file/file_sync.h"

namespace weir {

class FieldReader;

struct FileSourceSettings {
  std::filesystem::path path;  // absolute after loading
  bool follow = false;         // at the end: wait for more instead of ending the service
};

struct FileSinkSettings {
  std::filesystem::path path;       // absolute after loading; appended to
  FileSync sync = FileSync::batch;  // batch | none
};

void describe(FieldReader& fields, FileSourceSettings& to);
void describe(FieldReader& fields, FileSinkSettings& to);

}  // namespace weir
