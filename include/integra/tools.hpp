// Everything that integra::tools adds to integra::runtime.
#pragma once

#include "integra/compare.hpp"
#include "integra/float_session.hpp"
#include "integra/import.hpp"
#include "integra/quantize.hpp"
