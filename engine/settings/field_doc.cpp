#include "engine/settings/field_doc.h"

#include <algorithm>

#include "engine/base/json_text.h"
#include "engine/settings/field_wording.h"

namespace weir {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char character : text) out += character == '|' ? std::string("\\|") : std::string(1, character);
  return out;
}

void append_rows(std::string& out, const std::vector<FieldDoc>& fields, const std::string& prefix) {
  for (const FieldDoc& field : fields) {
    const std::string path = prefix + field.name;
    if (!field.fields.empty() && !field.text_too) {
      append_rows(out, field.fields, path + ".");
      continue;
    }
    const std::string value = field.required ? "required" : field.default_text.empty() ? "" : ticked(field.default_text);
    const std::string form = field.type + (field.range.empty() ? "" : ", " + field.range);
    out += "| " + ticked(path) + " | " + cell(form) + " | " + cell(value) + " | " + cell(field.meaning) + " |\n";
    append_rows(out, field.fields, path + ".");
  }
}

constexpr std::string_view table_head = "| Setting | Value | Default | Meaning |\n| --- | --- | --- | --- |\n";

// The fields that are not connectors, as one table.
void append_table(std::string& out, const std::vector<FieldDoc>& fields, const std::string& prefix) {
  std::vector<FieldDoc> plain;
  std::copy_if(fields.begin(), fields.end(), std::back_inserter(plain), [](const FieldDoc& field) { return !field.alternative; });
  if (!plain.empty()) {
    out += table_head;
    append_rows(out, plain, prefix);
    out += "\n";
  }
  for (const FieldDoc& field : fields) {
    if (!field.alternative) continue;
    out += "### " + ticked(prefix + field.name) + "\n\n" + field.meaning + ".\n\n";
    if (field.fields.empty()) {
      out += "No settings: write " + ticked(field.name + ": {}") + ".\n\n";
    } else {
      out += table_head;
      append_rows(out, field.fields, "");
      out += "\n";
    }
  }
}

std::string spaces(std::size_t depth) {
  return std::string(depth * 2, ' ');
}

void append_object(std::string& out, const std::vector<FieldDoc>& fields, std::size_t depth);

void append_field(std::string& out, const FieldDoc& field, std::size_t depth) {
  out += spaces(depth) + json_of(field.name) + ": {\"description\": " + json_of(field.meaning);
  if (!field.default_json.empty()) out += ", \"default\": " + field.default_json;
  if (!field.schema.empty()) {
    out += ", " + field.schema + "}";
  } else if (field.named) {
    out += ", \"type\": \"object\", \"propertyNames\": {\"pattern\": \"^[A-Za-z][A-Za-z0-9_-]{0,63}$\"}, \"minProperties\": 1,\n" +
           spaces(depth + 1) + "\"additionalProperties\": {";
    append_object(out, field.fields, depth + 1);
    out += "}}";
  } else if (field.text_too) {
    out += ", \"anyOf\": [{\"type\": \"string\"}, {";
    append_object(out, field.fields, depth + 1);
    out += "}]}";
  } else {
    out += ", ";
    append_object(out, field.fields, depth + 1);
    out += "}";
  }
}

// The inside of the schema of a group.
void append_object(std::string& out, const std::vector<FieldDoc>& fields, std::size_t depth) {
  out += "\"type\": [\"object\", \"null\"], \"additionalProperties\": false";
  std::string required;
  std::string alternatives;
  for (const FieldDoc& field : fields) {
    if (field.required) required += (required.empty() ? "" : ", ") + json_of(field.name);
    if (field.alternative)
      alternatives += (alternatives.empty() ? "" : ", ") + std::string("{\"required\": [") + json_of(field.name) + "]}";
  }
  if (!required.empty()) out += ", \"required\": [" + required + "]";
  if (!alternatives.empty()) out += ", \"oneOf\": [" + alternatives + "]";
  out += ", \"properties\": {";
  for (const FieldDoc& field : fields) {
    out += &field == &fields.front() ? "\n" : ",\n";
    append_field(out, field, depth + 1);
  }
  out += fields.empty() ? "}" : "\n" + spaces(depth) + "}";
}

}  // namespace

std::string reference_markdown(const std::vector<FieldDoc>& fields, std::string_view preface) {
  std::string out(preface);
  for (const FieldDoc& field : fields) {
    out += "\n## " + ticked(field.name) + "\n\n" + static_cast<char>(std::toupper(field.meaning.front())) + field.meaning.substr(1) + "." +
           (field.required ? " Required." : "") + "\n\n";
    const std::string prefix = field.name + (field.named ? ".NAME." : ".");
    if (field.fields.empty()) {
      out += table_head;
      append_rows(out, {field}, "");
    } else {
      append_table(out, field.fields, prefix);
      out.pop_back();
    }
  }
  return out;
}

std::string reference_json_schema(const std::vector<FieldDoc>& fields) {
  std::string out = "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"Weir's config\",\n  ";
  append_object(out, fields, 1);
  return out + "\n}\n";
}

}  // namespace weir
