-- The newest minute of each symbol, and its change since the day before.
CREATE OR REPLACE VIEW quotes AS
WITH days AS (
  SELECT sym, dt, max_by(price, ts) AS close, lag(max_by(price, ts)) OVER (PARTITION BY sym ORDER BY dt) AS before
  FROM prices GROUP BY sym, dt),
newest AS (
  SELECT sym, max(ts) AS ts, max_by(price, ts) AS price, max_by(volatility, ts) AS volatility,
         max_by(drawdown, ts) AS drawdown
  FROM prices GROUP BY sym)
SELECT newest.sym, CAST(from_unixtime(newest.ts) AS timestamp) AS time, newest.price,
       newest.price / days.before - 1 AS change, newest.volatility, newest.drawdown
FROM newest JOIN days ON days.sym = newest.sym AND days.close = newest.price
WHERE days.dt = (SELECT max(dt) FROM prices)
