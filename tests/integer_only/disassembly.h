// Disassembling machine code with objdump, and telling floating-point instructions from others.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace integra::test {

struct Instruction {
  std::string function;  // as the symbol table names it; "" for raw bytes
  std::string text;      // mnemonic and operands, AT&T syntax
};

// True for instructions that compute, compare or convert floating-point values: SSE, AVX and
// AVX-512 arithmetic, fused multiply-adds, conversions to and from integers, and all of x87.
// Moves, shuffles, broadcasts and bitwise operations are not: compilers use them for integers, too.
bool IsFloatingPoint(std::string_view instruction);

// All instructions of an object file. Throws std::runtime_error where objdump fails.
std::vector<Instruction> Disassemble(const std::filesystem::path& object);

// All instructions of a file of nothing but machine code.
std::vector<Instruction> DisassembleRaw(const std::filesystem::path& file);

// A single instruction at the start of each block of bytes (as many as an instruction can be long).
std::vector<Instruction> DisassembleEach(std::span<const std::string> blocks);

// The undefined symbols of an object file, demangled, one a line.
std::vector<std::string> UndefinedSymbols(const std::filesystem::path& object);

// Functions of an object file of which the linker keeps one for the whole program, whichever file
// it comes from: inline ones and instances of templates.
std::vector<std::string> SharedFunctions(const std::filesystem::path& object);

}  // namespace integra::test
