# The files below config/templates/ as a table in the binary: ${WEIR_STARTER_FOLDERS} defines what engine/app/starter_folders.h declares.
set(WEIR_STARTER_FOLDERS ${CMAKE_BINARY_DIR}/generated/starter_folders.cpp)
set(templates_folder ${CMAKE_SOURCE_DIR}/config/templates)
file(GLOB_RECURSE templates CONFIGURE_DEPENDS RELATIVE ${templates_folder} ${templates_folder}/*)
list(SORT templates)
set(table "")
foreach(template ${templates})
  file(READ ${templates_folder}/${template} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${templates_folder}/${template})
  string(FIND "${template}" "/" slash)
  string(SUBSTRING "${template}" 0 ${slash} folder)
  math(EXPR behind "${slash} + 1")
  string(SUBSTRING "${template}" ${behind} -1 path)
  string(APPEND table "    {\"${folder}\", \"${path}\", R\"template(${text})template\"},\n")
endforeach()
set(source "// Generated from config/templates/ by cmake/starter_folders.cmake.
#include \"engine/app/starter_folders.h\"

namespace weir {
namespace {

constexpr StarterFile files[] = {
${table}};

}  // namespace

std::span<const StarterFile> starter_files() {
  return files;
}

}  // namespace weir
")
# Written only when it changes, so that nothing is built for nothing.
set(before "")
if(EXISTS ${WEIR_STARTER_FOLDERS})
  file(READ ${WEIR_STARTER_FOLDERS} before)
endif()
if(NOT before STREQUAL source)
  file(WRITE ${WEIR_STARTER_FOLDERS} "${source}")
endif()
