# SPDX-License-Identifier: MIT
"""The alert port: `file:PATH` is a log of what fired and resolved, `http://HOST:PORT` an Alertmanager,
`events:BUS,TOPIC` EventBridge for programs and SNS for people."""

import json
from datetime import datetime, timezone
from pathlib import Path


def open_alerts(url):
    if url.startswith("file:"):
        return AlertLog(url.removeprefix("file:"))
    if url.startswith(("http:", "https:")):
        return Alertmanager(url)
    if url.startswith("events:"):
        return EventBus(*url.removeprefix("events:").split(",", 1))
    raise ValueError(f"alerts {url}: expected file:PATH, http://HOST:PORT of an Alertmanager or events:BUS,TOPIC")


class AlertLog:
    """One line of JSON a change; what fires already does not fire again."""

    def __init__(self, path):
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._firing = {}
        for change in self.changes():
            self._note(change)

    @staticmethod
    def _name(alert):
        return json.dumps([alert["name"], alert["labels"]], sort_keys=True)

    def _note(self, change):
        if change["status"] == "firing":
            self._firing[self._name(change)] = change
        else:
            self._firing.pop(self._name(change), None)

    def _write(self, status, name, labels, summary, at):
        change = {"status": status, "name": name, "labels": labels, "summary": summary, "at": at}
        if (self._name(change) in self._firing) == (status == "firing"):
            return False
        with open(self._path, "a") as file:
            file.write(json.dumps(change) + "\n")
        self._note(change)
        return True

    def fire(self, name, labels, summary, at):
        """Whether this is new: `at` is the moment in seconds of the data's own time."""
        return self._write("firing", name, labels, summary, at)

    def resolve(self, name, labels, at):
        return self._write("resolved", name, labels, "", at)

    def changes(self):
        return [json.loads(line) for line in self._path.read_text().splitlines()] if self._path.exists() else []


class Alertmanager:
    def __init__(self, url):
        self._url = url.rstrip("/") + "/api/v2/alerts"

    def _post(self, name, labels, summary, **moments):
        import requests
        alert = {"labels": {"alertname": name, **labels}, "annotations": {"summary": summary}, **moments}
        requests.post(self._url, json=[alert], timeout=10).raise_for_status()
        return True

    def fire(self, name, labels, summary, at):
        return self._post(name, labels, summary, startsAt=_rfc3339(at))

    def resolve(self, name, labels, at):
        return self._post(name, labels, "", endsAt=_rfc3339(at))


class EventBus:
    def __init__(self, bus, topic):
        import boto3
        self._bus, self._topic = bus, topic
        self.events, self.sns = boto3.client("events"), boto3.client("sns")

    def _put(self, status, name, labels, summary, at):
        detail = json.dumps({"status": status, "labels": labels, "summary": summary}, sort_keys=True)
        answer = self.events.put_events(Entries=[{"Source": "bioanalytics", "DetailType": name, "Detail": detail,
                                                  "EventBusName": self._bus, "Time": at}])
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"event bus {self._bus}: {answer['Entries'][0].get('ErrorMessage')}")
        return True

    def fire(self, name, labels, summary, at):
        self.sns.publish(TopicArn=self._topic, Subject=name, Message=summary)
        return self._put("firing", name, labels, summary, at)

    def resolve(self, name, labels, at):
        return self._put("resolved", name, labels, "", at)


def _rfc3339(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
