-- SPDX-License-Identifier: MIT
-- Revenue of each shop on the days asked for, and its share of all.
SELECT day, store, SUM(qty) AS units, ROUND(SUM(qty * price), 2) AS revenue,
  ROUND(100.0 * SUM(qty) / SUM(SUM(qty)) OVER (PARTITION BY day), 1) AS share
FROM sales WHERE day BETWEEN '2025-10-20' AND '2025-10-21' GROUP BY day, store ORDER BY day, store
