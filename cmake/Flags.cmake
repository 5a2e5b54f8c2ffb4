# SPDX-License-Identifier: MIT
# One interface target carries the flags that every C file of ours is built with.
add_library(ba_flags INTERFACE)
target_include_directories(ba_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
# The numbers contract: no fused multiply-add, no errno from sqrt, no reordering.
target_compile_options(ba_flags INTERFACE -ffp-contract=off -fno-math-errno -fno-fast-math -fexcess-precision=standard)
target_compile_options(ba_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wpointer-arith
  -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef -Wvla)
target_compile_definitions(ba_flags INTERFACE _GNU_SOURCE)
if(BA_WERROR)
  target_compile_options(ba_flags INTERFACE -Werror)
endif()
