#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the jobs on Amazon EMR: on a cluster that ends with them, on a cluster that is there, or on EMR Serverless.

The requests are cluster.json and serverless.json beside this file, with the folder filled in: change types, sizes,
roles and arguments there. The folder holds bootstrap.sh, the jars, the wheels, the jobs and the reads; docs/emr.md
tells how they get there. Needs boto3, and credentials and a region where boto3 finds them.
"""

import argparse
import json
import pathlib
import string
import sys
import uuid

import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

HERE = pathlib.Path(__file__).resolve().parent


class Service:
    """Calls of AWS, each held against botocore's description of it first; with `check` that is all."""

    def __init__(self, check):
        self.check, self.session, self.failed = check, botocore.session.get_session(), False

    def call(self, service, operation, parameters):
        shape = self.session.get_service_model(service).operation_model(operation).input_shape
        report = ParamValidator().validate(parameters, shape)
        if self.check or report.has_errors():
            print(json.dumps({f"{service} {operation}": parameters}, indent=2))
        if report.has_errors():
            sys.exit(f"submit.py: {operation}: {report.generate_report()}")
        if self.check:
            return {}
        client = self.session.create_client(service)
        return getattr(client, xform_name(operation))(**parameters)


def filled(name, options):
    """The requests of a file, with what its ${NAMES} stand for."""
    python = "python3" if options.release.startswith("emr-7.") else "python3.11"
    folder = options.folder[len("s3://"):].rstrip("/")
    text = string.Template((HERE / name).read_text())
    return json.loads(text.substitute(FOLDER=folder, RELEASE=options.release, PYTHON=python, ROLE=options.serverless))


def on_cluster(service, options):
    request = filled("cluster.json", options)
    if options.cluster:
        done = service.call("emr", "AddJobFlowSteps", {"JobFlowId": options.cluster, "Steps": request["Steps"]})
        print("steps", *done.get("StepIds", []))
    else:
        print("cluster", service.call("emr", "RunJobFlow", request).get("JobFlowId", ""))


def on_serverless(service, options):
    request = filled("serverless.json", options)
    token = {"clientToken": str(uuid.uuid4())}
    made = service.call("emr-serverless", "CreateApplication", {**request["application"], **token})
    application = made.get("applicationId", "checked")
    print("application", application)
    for job in request["jobs"]:
        token = {"clientToken": str(uuid.uuid4())}
        done = service.call("emr-serverless", "StartJobRun", {**job, **token, "applicationId": application})
        print("job", done.get("jobRunId", ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="S3_FOLDER", help="such as s3://my-bucket/bioanalytics")
    parser.add_argument("--release", default="emr-7.13.0",
                        help="emr-7.x (Spark 3.5) or emr-spark-8.0.0 (Spark 4.0); %(default)s")
    parser.add_argument("--cluster", metavar="ID", help="add the jobs to this cluster, which bootstrap.sh has set up")
    parser.add_argument("--serverless", metavar="ROLE", default="", help="EMR Serverless, by this role (its ARN)")
    parser.add_argument("--check", action="store_true", help="print the requests and check them, without a network")
    options = parser.parse_args()
    if not options.folder.startswith("s3://"):
        parser.error(f"{options.folder}: expected a folder of a bucket, such as s3://my-bucket/bioanalytics")
    (on_serverless if options.serverless else on_cluster)(Service(options.check), options)


if __name__ == "__main__":
    main()
