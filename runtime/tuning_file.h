// Files of kernel choices (SessionOptions::tuning): JSON, one entry for each TuningKey.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/atomic_file.h"
#include "graph/graph.h"
#include "integra/session.hpp"
#include "runtime/tuning_key.h"

namespace integra::runtime {

// What the file says of `key`; nothing where it has no such entry, or does not exist. Throws Error
// (kInvalidFile) where it is damaged or foreign, or where the entry does not go with the graph.
std::optional<std::vector<TunedLayer>> FindTuning(const std::filesystem::path& path,
                                                  const TuningKey& key, const graph::Graph& graph);

// Adds an entry: `file`, made of the same path, becomes the old one with it. Where another process
// has added it in the meantime, that one stays. Throws Error as FindTuning, kSystem where the file
// cannot be written.
void AddTuning(const std::filesystem::path& path, const TuningKey& key,
               const std::vector<TunedLayer>& layers, AtomicFile& file);

}  // namespace integra::runtime
