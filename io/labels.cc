#include "io/labels.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/suggestion.h"
#include "io/npy.h"
#include "io/values.h"

namespace integra::io {
namespace {

constexpr uint64_t kMaxTextBytes = uint64_t{1} << 30;
constexpr int64_t kMaxClasses = 1'000'000;

using Row = std::vector<std::string_view>;

// A text file, by lines and tabs.
class Table {
 public:
  explicit Table(const std::filesystem::path& path)
      : name_(path.string()), file_(MappedFile::Open(path, kMaxTextBytes)) {
    std::string_view rest = file_->text();
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      rows_.push_back(Split(line));
    }
    while (!rows_.empty() && rows_.back().size() == 1 && rows_.back()[0].empty()) rows_.pop_back();
    if (rows_.empty()) Fail(ErrorCode::kInvalidFile, name_, ": the file is empty");
  }

  const std::vector<Row>& rows() const { return rows_; }

  // A table with named columns, rather than plain lines?
  bool has_columns() const { return rows_[0].size() > 1 || Find("class") || Find("label"); }

  std::optional<size_t> Find(std::string_view column) const {
    const auto found = std::find(rows_[0].begin(), rows_[0].end(), column);
    if (found == rows_[0].end()) return std::nullopt;
    return static_cast<size_t>(found - rows_[0].begin());
  }

  size_t ClassColumn(const LabelOptions& options) const {
    std::vector<std::string> wanted;
    if (!options.column.empty()) {
      wanted = {options.column};
    } else {
      if (options.outputs > 0) wanted = {StrCat("class", options.outputs)};
      wanted.insert(wanted.end(), {"class", "label"});
    }
    for (const std::string& column : wanted) {
      if (const auto found = Find(column)) return *found;
    }
    std::string there;
    std::vector<std::string> columns;
    for (const std::string_view column : rows_[0]) {
      there += StrCat(there.empty() ? "" : ", ", column);
      columns.emplace_back(column);
    }
    Fail(ErrorCode::kInvalidArgument, name_, ": no column '", wanted[0], "' (there are ", there,
         "); choose one with --label-column", DidYouMean(wanted[0], columns));
  }

  std::string_view Cell(size_t row, size_t column) const {
    if (rows_[row].size() != rows_[0].size()) {
      Fail(ErrorCode::kInvalidFile, Place(row), ": ", rows_[row].size(),
           " columns, the first line has ", rows_[0].size());
    }
    return rows_[row][column];
  }

  int64_t Class(size_t row, std::string_view text) const {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0 ||
        value >= kMaxClasses) {
      Fail(ErrorCode::kInvalidFile, Place(row), ": '", text.substr(0, 40), "' is no class number");
    }
    return value;
  }

  std::string Place(size_t row) const { return StrCat(name_, ":", row + 1); }

 private:
  static Row Split(std::string_view line) {
    Row row;
    while (true) {
      const size_t tab = line.find('\t');
      row.push_back(line.substr(0, tab));
      if (tab == std::string_view::npos) return row;
      line.remove_prefix(tab + 1);
    }
  }

  std::string name_;
  std::shared_ptr<const MappedFile> file_;
  std::vector<Row> rows_;
};

Labels ReadNpyLabels(const std::filesystem::path& path) {
  const Array array = ReadNpy(path);
  if (array.shape.size() != 1 || array.dtype == DataType::kFloat32 ||
      array.dtype == DataType::kBool) {
    Fail(ErrorCode::kInvalidFile, path.string(), ": labels are integers [samples], not ",
         NameOf(array.dtype), " ", ToString(array.shape));
  }
  const TensorInfo info{
      .name = path.string(), .dtype = array.dtype, .shape = array.shape, .quantization = {}};
  Labels labels;
  for (size_t i = 0; i < static_cast<size_t>(array.shape[0]); ++i) {
    const double value = RealValue(array.data.bytes, info, i);
    if (value < 0 || value >= kMaxClasses) {
      Fail(ErrorCode::kInvalidFile, path.string(), ": label ", i, " is no class number");
    }
    labels.by_position.push_back(static_cast<int64_t>(value));
  }
  return labels;
}

}  // namespace

Labels ReadLabels(const std::filesystem::path& path, const LabelOptions& options) {
  if (path.extension() == ".npy") return ReadNpyLabels(path);
  const Table table(path);
  Labels labels;
  if (!table.has_columns()) {
    for (size_t i = 0; i < table.rows().size(); ++i) {
      labels.by_position.push_back(table.Class(i, table.rows()[i][0]));
    }
    return labels;
  }
  const size_t column = table.ClassColumn(options);
  const std::optional<size_t> file = table.Find("file");
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const int64_t label = table.Class(i, table.Cell(i, column));
    if (!file) {
      labels.by_position.push_back(label);
    } else if (!labels.by_name.emplace(table.Cell(i, *file), label).second) {
      Fail(ErrorCode::kInvalidFile, table.Place(i), ": '", table.Cell(i, *file),
           "' is there twice");
    }
  }
  return labels;
}

std::vector<std::string> ReadClassNames(const std::filesystem::path& path,
                                        const LabelOptions& options) {
  const Table table(path);
  std::vector<std::string> names;
  const std::optional<size_t> name = table.Find("name");
  if (table.rows()[0].size() == 1 && !name) {
    for (const Row& row : table.rows()) names.emplace_back(row[0]);
    return names;
  }
  if (!name) Fail(ErrorCode::kInvalidFile, path.string(), ": no column 'name'");
  const size_t column = table.ClassColumn(options);
  for (size_t i = 1; i < table.rows().size(); ++i) {
    const auto index = static_cast<size_t>(table.Class(i, table.Cell(i, column)));
    if (index >= names.size()) names.resize(index + 1);
    names[index] = std::string(table.Cell(i, *name));
  }
  return names;
}

}  // namespace integra::io
