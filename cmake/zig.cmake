# SPDX-License-Identifier: MIT
# Compiles by zig for an old glibc, so that what is built runs on all Linux systems since about 2014. The environment
# says what: BA_ZIG, the program; BA_PROCESSOR, x86_64 or aarch64; BA_ROOT, a folder with the headers of other libraries
# in include (those of this system's glibc must not be beside them) and libz.so in lib.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $ENV{BA_PROCESSOR})
set(CMAKE_C_COMPILER $ENV{BA_ZIG} cc -target $ENV{BA_PROCESSOR}-linux-gnu.2.17)
set(CMAKE_C_FLAGS_INIT "-isystem $ENV{BA_ROOT}/include")
set(CMAKE_SHARED_LINKER_FLAGS_INIT -Wl,-s)
set(CMAKE_FIND_ROOT_PATH $ENV{BA_ROOT})
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_SKIP_RPATH ON)
