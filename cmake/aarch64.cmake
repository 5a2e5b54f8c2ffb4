# SPDX-License-Identifier: MIT
# Cross-compiles for 64-bit ARM by Debian's gcc-aarch64-linux-gnu and runs the programs by qemu-user. Libraries other
# than libc come from build/aarch64-root, which `./dev test aarch64` fills.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
get_filename_component(arm_root ${CMAKE_CURRENT_LIST_DIR}/../build/aarch64-root ABSOLUTE)
set(arm_libraries ${arm_root}/usr/lib/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${arm_root})
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(ENV{PKG_CONFIG_LIBDIR} ${arm_libraries}/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${arm_root})
# MPFR needs GMP in turn: the compiler, the linker and the emulated program each find it by a word of their own.
set(CMAKE_C_FLAGS_INIT "-isystem ${arm_root}/usr/include/aarch64-linux-gnu")
set(CMAKE_EXE_LINKER_FLAGS_INIT -Wl,-rpath-link,${arm_libraries})
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=${arm_libraries})
