# SPDX-License-Identifier: MIT
"""What the built library shows to the world, what it asks of the system, and how it is hardened."""

import re

import api
from conftest import run

# Every symbol that the library may take from another: anything else makes this list grow in plain sight.
ALLOWED = {
    "memory": "malloc free memchr memcmp memcpy memmove memset strchr strcmp strlen strstr",
    "files": "close dup fstat fsync getpid lseek madvise mmap munmap open read rename stat unlink write "
             "__errno_location strerror_r",
    "threads": "pthread_create pthread_join pthread_sigmask sigfillset",  # a worker takes no signal of the host's
    "optional libraries": "dlopen dlsym dlclose",
    "ISA-L": "isal_inflate isal_inflate_init isal_inflate_stateless",
    "libdeflate": "libdeflate_alloc_decompressor libdeflate_free_decompressor libdeflate_gzip_decompress_ex",
    "zlib": "inflate inflateEnd inflateGetHeader inflateInit2_ inflateReset",
    "put in by the compiler": "_ITM_deregisterTMCloneTable _ITM_registerTMCloneTable __cxa_finalize __gmon_start__ "
                              "__stack_chk_fail __memcpy_chk __memmove_chk __memset_chk __read_chk",
}

# Said again by name, so that nobody adds one of these to the list above.
FORBIDDEN = re.compile(
    r"^(_?exit|_Exit|quick_exit|abort|__assert_fail|__assert|.*printf(_chk)?|puts|fputs|putchar|perror|(secure_)?getenv|"
    r"setenv|putenv|setlocale|signal|sigaction|raise|kill|system|popen|fork|gets|str(n?cpy|n?cat|tok)(_chk)?|s?random|"
    r"s?rand|rand_r|[dlm]rand48|time|gettimeofday|clock_gettime|(local|gm)time(_r)?|strto[dfl].*|strtou?ll?|ato[ifl]l?|"
    r"sscanf|exp|log|pow|sin|cos|tanh|expf?|logf?|fma)$")


def names(text):
    """The symbol at the end of each line of nm, without its version."""
    return {line.split()[-1].split("@")[0] for line in text.splitlines() if line.strip()}


def test_exports_are_the_headers_and_the_version_script(shared_library):
    exported = names(run("nm", "-D", "--defined-only", shared_library)) - {"BIOANALYTICS_0"}
    assert exported == {call.name for call in api.calls()}


def test_version_script_is_the_headers():
    assert api.MAP.read_text() == api.version_script(), "run: python3 tests/repo/api.py > src/bioanalytics.map"


def test_every_export_stands_in_one_header():
    found = [call.name for call in api.calls()]
    assert sorted(found) == sorted(set(found))


def test_library_asks_for_nothing_unlisted(shared_library):
    allowed = set(" ".join(ALLOWED.values()).split())
    asked = names(run("nm", "-D", "--undefined-only", shared_library))
    assert not sorted(asked - allowed), "not on the list in this file"


def test_no_forbidden_call_anywhere(static_library):
    """The static library too: there nothing hides behind a call that the linker dropped."""
    asked = names("\n".join(line for line in run("nm", "--undefined-only", static_library).splitlines()
                            if " U " in line))
    assert not sorted(name for name in asked if FORBIDDEN.match(name))


def test_forbidden_calls_are_recognised():
    for name in "exit abort printf __snprintf_chk getenv setlocale rand time strtod strtol atoi exp strcpy".split():
        assert FORBIDDEN.match(name), name
    for name in "strlen memcpy strerror_r inflate pthread_create".split():
        assert not FORBIDDEN.match(name), name


def test_no_writable_globals(static_library):
    """Constant tables of pointers are relocated once and then read-only: .data.rel.ro is not writable."""
    writable = []
    for line in run("readelf", "-SW", static_library).splitlines():
        section = re.match(r"\s*\[\s*\d+\]\s+(\.(?:t?data|t?bss)\S*)\s+\w+\s+\w+\s+\w+\s+(\w+)", line)
        if section and not section[1].startswith(".data.rel.ro") and int(section[2], 16) > 0:
            writable.append(section[1])
    where = [line for line in run("objdump", "-t", static_library).splitlines()
             if re.search(r"\s(\.t?data(?!\.rel\.ro)|\.t?bss|\*COM\*)\S*\s+\w+\s+(?!\.)\S+$", line)]
    assert not writable and not where, "\n".join(where)


def test_hardening(shared_library):
    segments = run("readelf", "-lW", shared_library)
    dynamic = run("readelf", "-dW", shared_library)
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\w+)", segments)
    assert stack and stack[1] == "RW"
    assert "GNU_RELRO" in segments
    assert "BIND_NOW" in dynamic or re.search(r"FLAGS_1.*\bNOW\b", dynamic)
    assert "TEXTREL" not in dynamic
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    assert "__stack_chk_fail" in run("nm", "-D", "--undefined-only", shared_library)


def test_soname_and_needed_libraries(shared_library):
    """htslib and OpenBLAS are loaded when first needed; linking them would start threads in every process."""
    dynamic = run("readelf", "-dW", shared_library)
    assert re.findall(r"SONAME.*\[(.*)\]", dynamic) == ["libbioanalytics.so.0"]
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    assert set(needed) <= {"libc.so.6", "libz.so.1", "libisal.so.2", "libdeflate.so.0", "ld-linux-x86-64.so.2"}, needed
