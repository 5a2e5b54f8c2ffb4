# SPDX-License-Identifier: MIT
# One interface target carries the flags that every C file of ours is built with.
add_library(ba_flags INTERFACE)
target_include_directories(ba_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
# The numbers contract: no reordering, no fused multiply-add, no errno from sqrt (-fno-fast-math would bring it back if
# it came later).
target_compile_options(ba_flags INTERFACE -fno-fast-math -ffp-contract=off -fno-math-errno
  $<$<C_COMPILER_ID:GNU>:-fexcess-precision=standard>)
target_compile_options(ba_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wpointer-arith
  -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef -Wvla)
target_compile_definitions(ba_flags INTERFACE _GNU_SOURCE)
# Hardening; _FORTIFY_SOURCE needs an optimised build and does not go with the sanitizers.
target_compile_options(ba_flags INTERFACE -fstack-protector-strong)
target_compile_definitions(ba_flags INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
if(BA_WERROR)
  target_compile_options(ba_flags INTERFACE -Werror)
endif()
