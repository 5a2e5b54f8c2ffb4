-- SPDX-License-Identifier: MIT
-- Rows to learn from: levels out of the catalogue, joined with what the warehouse knows of usual and true sales.
-- Labels look ahead: in how many hours what was in the fridge was sold, and whether it was empty within `horizon`.
WITH sold AS (
  SELECT *, SUM(units) OVER (PARTITION BY fridge ORDER BY hour) AS done FROM dw_sales
), facts AS (
  SELECT l.fridge, l.seen, l.seen / 3600.0 AS t, l.level, l.drawn, f.capacity,
    u.before + u.units * ((l.seen - u.hour) / 3600.0) AS usual,
    u6.before - u.before AS ahead6, u24.before - u.before AS ahead24, (h.lorry - l.seen) / 3600.0 AS lorry,
    s.done - s.units * (1 - (l.seen - s.hour) / 3600.0) + l.level - 0.05 * f.capacity AS goal,
    MIN(l.level) OVER (PARTITION BY l.fridge ORDER BY l.seen
      RANGE BETWEEN 1 FOLLOWING AND 3600.0 * $horizon FOLLOWING) AS lowest,
    MAX(l.seen) OVER (PARTITION BY l.fridge) - l.seen AS rest
  FROM levels l
  JOIN dw_fridge f ON f.fridge = l.fridge
  JOIN dw_hour h ON h.hour = l.seen - l.seen % 3600
  JOIN dw_usual u ON u.fridge = l.fridge AND u.hour = h.hour
  JOIN dw_usual u6 ON u6.fridge = l.fridge AND u6.hour = h.hour + 6 * 3600
  JOIN dw_usual u24 ON u24.fridge = l.fridge AND u24.hour = h.hour + 24 * 3600
  LEFT JOIN sold s ON s.fridge = l.fridge AND s.hour = h.hour
)
SELECT f.*, (e.hour + 3600.0 * (f.goal - (e.done - e.units)) / e.units - f.seen) / 3600.0 AS hours,
  CASE WHEN f.rest >= 3600.0 * $horizon THEN CASE WHEN f.lowest < 0.05 * f.capacity THEN '1' ELSE '0' END END AS empty
FROM facts f
ASOF LEFT JOIN (SELECT * FROM sold WHERE units > 0) e ON e.fridge = f.fridge AND f.goal <= e.done
ORDER BY f.fridge, f.seen
