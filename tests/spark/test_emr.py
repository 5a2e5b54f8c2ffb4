# SPDX-License-Identifier: MIT
"""The files of examples/spark/emr, without AWS: requests against botocore's description of the services and in moto,
and the bootstrap action on a folder that stands for S3."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest

from conftest import EXAMPLE, JARS, JOBS

EMR = EXAMPLE / "emr"
ROLE = "arn:aws:iam::123456789012:role/jobs"
WAYS = {"cluster": [], "steps": ["--cluster", "j-2AXXXXXXGAPLF"], "serverless": ["--serverless", ROLE]}


@pytest.fixture
def submit(monkeypatch, capsys):
    """submit.py as a function of its arguments, which gives what it prints."""
    spec = importlib.util.spec_from_file_location("submit", EMR / "submit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["submit.py", "s3://bucket/folder/", *arguments])
        module.main()
        return capsys.readouterr().out
    run.module = module
    return run


def requests(text):
    """The requests that --check prints, by operation; the last of each."""
    decoder, found = json.JSONDecoder(), {}
    for match in re.finditer(r"^\{$", text, re.M):
        found.update(decoder.raw_decode(text, match.start())[0])
    return found


@pytest.mark.parametrize("release", ["emr-7.13.0", "emr-spark-8.0.0"])
@pytest.mark.parametrize("way", WAYS)
def test_requests_fit_the_services(way, release, submit):
    text = submit("--check", "--release", release, *WAYS[way])
    found = requests(text)
    assert set(found) == {"cluster": {"emr RunJobFlow"}, "steps": {"emr AddJobFlowSteps"},
                          "serverless": {"emr-serverless CreateApplication", "emr-serverless StartJobRun"}}[way]
    assert "$" not in text and "s3://bucket/folder/" in text and "folder//" not in text
    assert (release in text) == (way != "steps")


def test_what_does_not_fit_is_refused(submit, tmp_path, monkeypatch):
    request = json.loads((EMR / "cluster.json").read_text())
    request["Instances"]["InstanceGroups"][0]["Type"] = request["Instances"]["InstanceGroups"][0].pop("InstanceType")
    (tmp_path / "cluster.json").write_text(json.dumps(request))
    monkeypatch.setattr(submit.module, "HERE", tmp_path)
    with pytest.raises(SystemExit, match="InstanceType"):
        submit("--check")


def test_calls_reach_a_service(submit):
    """moto keeps what it is told, as the service would."""
    import boto3
    from moto import mock_aws
    with mock_aws():
        cluster = submit("--release", "emr-7.13.0").split()[1]
        emr = boto3.client("emr")
        steps = [step["Name"] for step in emr.list_steps(ClusterId=cluster)["Steps"]]
        assert sorted(steps) == ["train and score, Java", "train and score, Python"]
        assert emr.describe_cluster(ClusterId=cluster)["Cluster"]["ReleaseLabel"] == "emr-7.13.0"
        assert emr.list_bootstrap_actions(ClusterId=cluster)["BootstrapActions"][0]["ScriptPath"] == (
            "s3://bucket/folder/bootstrap.sh")
        assert len(submit("--cluster", cluster).split()) == 3
        assert len(emr.list_steps(ClusterId=cluster)["Steps"]) == 4
        application = submit("--serverless", ROLE).split()[1]
        assert len(boto3.client("emr-serverless").list_job_runs(applicationId=application)["jobRuns"]) == 2


def test_jobs_and_jars_are_those_that_are_built(submit):
    """Every file that a request names is one that the project has or makes, and every option one that the jobs have."""
    made = {path.name for path in [*JARS, *JOBS.values(), EMR / "bootstrap.sh"]} | {"environment.tar.gz"}
    reads = {"reads.fastq.gz", *(f"{part}_{label}.fastq" for part in ("train", "test")
                                 for label in ("promoter", "upstream"))}
    job = JOBS["python"].read_text()
    for way in WAYS.values():
        text = submit("--check", *way)
        assert set(re.findall(r"[/:](?:bucket/folder|opt/bioanalytics)/([\w.-]+\.(?:jar|py|sh|gz))", text)) <= made
        assert set(re.findall(r"/reads/([\w.]+)", text)) == reads
        assert all(f'"{option}"' in job for option in re.findall(r'^ *"(--\w[\w-]*)",$', text, re.M)
                   if option != "--deploy-mode")


@pytest.fixture
def node(tmp_path):
    """A node of a cluster, as far as the bootstrap action looks: aws, sudo and a Python of its own."""
    tools, s3 = tmp_path / "tools", tmp_path / "s3"
    tools.mkdir()
    s3.mkdir()
    (tools / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    # aws s3 cp --recursive OPTIONS FROM TO, with s3:// for a folder here
    (tools / "aws").write_text('#!/bin/bash\nset -e\n[ "$1 $2 $3" = "s3 cp --recursive" ]\n'
                               'from=${*: -2:1} to=${*: -1}\n'
                               f'cp -r "{s3}/${{from#s3://bucket/}}"* "$to"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}", BIOANALYTICS_FOLDER=str(tmp_path / "opt"),
                       PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    environment.pop("PYTHONPATH", None)

    def run(*arguments):
        return subprocess.run(["bash", EMR / "bootstrap.sh", *arguments], env=environment, capture_output=True,
                              text=True, timeout=120, check=False)
    run.s3, run.opt, run.python = s3, tmp_path / "opt", tmp_path / "python" / "bin" / "python"
    return run


def wheel(folder, version):
    """A package of that name, as small as one can be."""
    with zipfile.ZipFile(folder / f"bioanalytics-{version}-py3-none-any.whl", "w") as file:
        file.writestr("bioanalytics/__init__.py", f"def build_info():\n    return {{'package': '{version}'}}\n")
        info = f"bioanalytics-{version}.dist-info"
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: bioanalytics\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


def test_bootstrap_sets_a_node_up(node):
    folder = node.s3 / "folder"
    folder.mkdir()
    for jar in JARS:
        (folder / jar.name).write_bytes(b"jar")
    wheel(folder, "0.1.0")
    done = node("s3://bucket/folder/", str(node.python))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "bioanalytics 0.1.0\n"
    jars = json.loads((EMR / "cluster.json").read_text())["Configurations"][0]["Properties"]["spark.jars"]
    assert [node.opt / name.rpartition("/")[2] for name in jars.split(",")] == [node.opt / jar.name for jar in JARS]
    assert all((node.opt / jar.name).exists() for jar in JARS)


def test_bootstrap_says_what_lacks(node):
    assert node().returncode == 2
    folder = node.s3 / "folder"
    folder.mkdir()
    (folder / JARS[0].name).write_bytes(b"jar")
    done = node("s3://bucket/folder", str(node.python))
    assert done.returncode == 1 and "there is no bioanalytics-spark in s3://bucket/folder" in done.stderr
    (folder / JARS[1].name).write_bytes(b"jar")
    done = node("s3://bucket/folder", str(node.python))
    assert done.returncode == 1 and "there is no bioanalytics in" in done.stderr
