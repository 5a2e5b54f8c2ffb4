# SPDX-License-Identifier: MIT
"""The cluster, which is there for a run only: Spark in a JVM beside this process, or EMR.

python -m lake.cluster up BUCKET starts the one on AWS, down ID ends it."""

import os
import subprocess
import sys
from pathlib import Path

from lib.run import ROOT

HERE = Path(__file__).resolve().parent
JARS = [ROOT / f"bindings/java/{name}/target/{name}-0.1.0.jar" for name in ("bioanalytics-java", "bioanalytics-spark")]
# Short jobs: they end before the JVM's second compiler would have paid.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dlog4j2.configurationFile={0}/log4j2.properties -Dlake.logs={1}"


class LocalSpark:
    """Spark on two threads. `up` starts the JVM when it is first asked; `down` ends it."""

    def __init__(self, state, log):
        self._state, self._log, self._session = Path(state), log, None

    def up(self):
        if self._session is None:
            os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
            from bioanalytics.spark import configure
            from pyspark.sql import SparkSession
            builder = configure(SparkSession.builder.master("local[2]").appName("lake"), jars=JARS)
            for name, value in {
                    "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
                    "spark.driver.memory": "1g",
                    "spark.driver.extraJavaOptions": JAVA.format(HERE, self._state / "logs"),
                    "spark.local.dir": self._state / "spark", "spark.sql.warehouse.dir": self._state / "spark",
                    "spark.sql.session.timeZone": "UTC",
                    "spark.sql.shuffle.partitions": "2", "spark.sql.legacy.timeParserPolicy": "CORRECTED"}.items():
                builder = builder.config(name, str(value))
            self._session = self._without_keys(builder.getOrCreate)
            self._log("cluster is up", pid=self.pid)
        return self._session

    @staticmethod
    def _without_keys(start):
        """Folders need no keys of AWS; with them Spark asks for this host by its name, which may lead nowhere."""
        kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
        try:
            return start()
        finally:
            os.environ.update(kept)

    @property
    def pid(self):
        """Of the JVM; None while there is none."""
        return None if self._session is None else self._session.sparkContext._gateway.proc.pid

    def down(self):
        if self._session is None:
            return
        from pyspark import SparkContext
        gateway, pid = self._session.sparkContext._gateway, self.pid
        process = gateway.proc
        try:
            self._session.stop()
            gateway.shutdown()
        except Exception as error:  # a signal amid a call leaves the two sides at odds
            self._log("cluster does not answer", error=type(error).__name__)
        process.stdin.close()  # the JVM of pyspark ends when its input does
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        SparkContext._gateway = SparkContext._jvm = self._session = None
        self._log("cluster is down", pid=pid)


class Emr:
    """The same on AWS: a cluster that runs the steps of the lake and then ends by itself."""

    def __init__(self, client, bucket, release="emr-7.9.0"):
        self._client, self._bucket, self._release, self.id = client, bucket, release, None

    @staticmethod
    def request(bucket, release="emr-7.9.0"):
        """What is asked of EMR; `job.py` and the packages are where deploy/lake.yaml says."""
        def submit(name):
            return {"Name": name, "ActionOnFailure": "TERMINATE_CLUSTER", "HadoopJarStep": {
                "Jar": "command-runner.jar", "Args": [
                    "spark-submit", "--deploy-mode", "cluster",
                    "--jars", ",".join(f"s3://{bucket}/code/{jar.name}" for jar in JARS),
                    "--py-files", f"s3://{bucket}/code/lake.zip", f"s3://{bucket}/code/job.py", name, f"s3://{bucket}"]}}
        return {"Name": "lake", "ReleaseLabel": release, "Applications": [{"Name": "Spark"}],
                "LogUri": f"s3://{bucket}/logs/", "JobFlowRole": "lake-emr-ec2", "ServiceRole": "lake-emr",
                "BootstrapActions": [{"Name": "library", "ScriptBootstrapAction": {
                    "Path": f"s3://{bucket}/code/bootstrap.sh"}}],
                "Instances": {"KeepJobFlowAliveWhenNoSteps": False, "InstanceGroups": [
                    {"InstanceRole": role, "InstanceType": "m7g.xlarge", "InstanceCount": count}
                    for role, count in (("MASTER", 1), ("CORE", 2))]},
                "Steps": [submit("etl"), submit("analyse")]}

    def up(self):
        self.id = self._client.run_job_flow(**self.request(self._bucket, self._release))["JobFlowId"]
        return self.id

    def down(self):
        """Only for a cluster that is not to end its steps: otherwise it goes by itself."""
        self._client.terminate_job_flows(JobFlowIds=[self.id])


def main(words):
    import boto3
    if len(words) != 2 or words[0] not in ("up", "down"):
        raise SystemExit(__doc__)
    emr = Emr(boto3.client("emr"), words[1])
    if words[0] == "up":
        print(emr.up())
    else:
        emr.id = words[1]
        emr.down()


if __name__ == "__main__":
    main(sys.argv[1:])
