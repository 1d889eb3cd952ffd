// How network.json and weights.safetensors are replaced together, though a rename moves only one.
//
// network.json holds the checksum of its weights. Before new weights take the place of old ones,
// the old ones get a second name (a hard link) that holds their checksum:
// weights.0123456789abcdef.safetensors. A reader whose weights file has another checksum than its
// network file says looks there. The second name goes when the new network file is in place. So a
// reader finds the whole old network or the whole new one, whenever the writer was stopped.
#pragma once

#include <filesystem>
#include <string_view>

namespace integra::graph {

// weights.safetensors -> weights.<checksum>.safetensors. Empty where `checksum` is not one.
std::filesystem::path BackupOf(const std::filesystem::path& weights, std::string_view checksum);

// Gives the file `weights`, if there is one, its second name. Where the file system has no hard
// links nothing is done: a writer that is stopped at the wrong moment then leaves two files that do
// not match, which readers refuse.
void KeepWeights(const std::filesystem::path& weights);

// Removes every second name of `weights`.
void RemoveBackups(const std::filesystem::path& weights);

}  // namespace integra::graph
