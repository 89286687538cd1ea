// What is known about one setting from its declaration: the source of config/README.md and of the JSON Schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct FieldDoc {
  std::string name;
  std::string type;          // in words: "duration", "whole number", "list of texts"
  std::string default_text;  // as one would write it; empty: none
  std::string range;         // "1 to 65536"; empty: any
  std::string meaning;
  bool required = false;
  bool named = false;            // a map from names of the user's to groups with these fields
  bool text_too = false;         // a group with these fields, or a text in its stead
  bool alternative = false;      // one of several connectors, of which exactly one is given
  std::string schema;            // JSON Schema of the value, without description and default; empty for groups
  std::string default_json;      // the default as JSON; empty: none
  std::vector<FieldDoc> fields;  // of a group
};

// The reference as one Markdown page.
std::string reference_markdown(const std::vector<FieldDoc>& fields, std::string_view preface);
// JSON Schema (draft 2020-12) of a whole config file.
std::string reference_json_schema(const std::vector<FieldDoc>& fields);

}  // namespace weir
