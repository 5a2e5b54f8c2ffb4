-- SPDX-License-Identifier: MIT
-- What a fridge usually sells in an hour: the mean of the same hour of working days, or of weekends, that ended two
-- days before or earlier. So no hour knows anything of the day that looks ahead to it.
INSERT INTO dw_usual (fridge, hour, units, before)
SELECT fridge, hour, units,
  SUM(units) OVER (PARTITION BY fridge ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - units
FROM (
  SELECT f.fridge, h.hour, COALESCE(AVG(CAST(s.units AS DOUBLE PRECISION)), 0.0) AS units
  FROM dw_fridge f CROSS JOIN dw_hour h
  LEFT JOIN (SELECT d.fridge, d.units, g.day, g.clock, g.weekend FROM dw_sales d JOIN dw_hour g ON g.hour = d.hour) s
    ON s.fridge = f.fridge AND s.weekend = h.weekend AND s.clock = h.clock AND s.day <= h.day - 2
  GROUP BY f.fridge, h.hour) daily;
