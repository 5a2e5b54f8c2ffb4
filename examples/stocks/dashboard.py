# SPDX-License-Identifier: MIT
"""The dashboard, once: Grafana's JSON with Athena as its source. Nothing here runs Grafana; page.py shows the same."""

import json

from grafana_foundation_sdk.builders import athena, bargauge, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.athena import FormatOptions
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="grafana-athena-datasource", uid="athena")
PANELS = (  # kind, title, unit, width and height on a grid of 24 columns, SQL
    (stat, "Portfolio, day", "percentunit", 6, 4,
     'SELECT sum("return") AS value FROM portfolio WHERE dt = (SELECT max(dt) FROM portfolio)'),
    (stat, "Volatility, basis points a minute", "none", 6, 4,
     "SELECT 10000 * max_by(volatility, ts) AS value FROM portfolio"),
    (bargauge, "Change since yesterday", "percentunit", 12, 4, "SELECT sym, change FROM quotes ORDER BY sym"),
    (timeseries, "Portfolio, sum of returns", "percentunit", 12, 8,
     "SELECT CAST(from_unixtime(ts) AS timestamp) AS time, 'portfolio' AS sym, cumulative FROM portfolio "
     "WHERE ts % 1800 = 0 ORDER BY ts"),
    (timeseries, "Prices since the opening", "percentunit", 12, 8, "SELECT time, sym, change FROM trend ORDER BY time"),
    (timeseries, "Volatility by symbol, basis points", "none", 12, 8,
     "SELECT time, sym, volatility FROM trend ORDER BY time"),
    (table, "Quotes", "none", 12, 8, "SELECT * FROM quotes ORDER BY sym"),
    (table, "Alerts", "none", 12, 7, "SELECT * FROM alerts ORDER BY time DESC"),
    (table, "Correlation, last hour", "none", 12, 7, "SELECT * FROM correlations ORDER BY correlation DESC"))


def dashboard():
    made = Dashboard("Stocks").uid("stocks").tags(["stocks"]).time("now-1d", "now").refresh("1m").timezone("utc")
    for kind, title, unit, width, height, sql in PANELS:
        form = FormatOptions.TABLE if kind in (table, bargauge) else FormatOptions.TIME_SERIES
        made.with_panel(kind.Panel().title(title).unit(unit).span(width).height(height).datasource(SOURCE).with_target(
            athena.Dataquery().raw_sql(sql).format(form).ref_id("A").datasource(SOURCE)))
    return json.dumps(made.build(), cls=JSONEncoder, indent=1, sort_keys=True)


def provisioning():
    """The files that Grafana reads at its start (JSON is YAML)."""
    athena_of = {"name": "Athena", "uid": SOURCE.uid, "type": SOURCE.type_val, "jsonData": {
        "authType": "default", "defaultRegion": "$AWS_REGION", "catalog": "AwsDataCatalog", "database": "stocks",
        "workgroup": "primary"}}
    folder = {"name": "stocks", "type": "file", "options": {"path": "/var/lib/grafana/dashboards"}}
    return {"provisioning/datasources/athena.yaml": json.dumps({"apiVersion": 1, "datasources": [athena_of]}, indent=1),
            "provisioning/dashboards/stocks.yaml": json.dumps({"apiVersion": 1, "providers": [folder]}, indent=1)}
