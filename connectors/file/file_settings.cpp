#include "connectors/file/file_settings.h"

#include "engine/settings/field_reader.h"

namespace weir {

void describe(FieldReader& fields, FileSourceSettings& to) {
  fields.path("path", to.path, "a file of JSON lines, one record a line", Presence::required);
  fields.flag("follow", to.follow, "at the end of the file, wait for more; otherwise the service ends there");
}

void describe(FieldReader& fields, FileSinkSettings& to) {
  fields.path("path", to.path, "the file to append JSON lines to; it is created where it is missing", Presence::required);
  fields.choice(
      "sync", to.sync, {{"batch", FileSync::batch}, {"none", FileSync::none}},
      "when a line counts as delivered: on the disk (batch), or with the operating system (none), which a crash of the machine loses");
}

}  // namespace weir
