-- SPDX-License-Identifier: MIT
-- How long each fridge was nearly empty, by day: half-hours below five items.
SELECT fridge, day, COUNT_IF(level < 5) AS low, MIN(level) AS lowest, APPROX_PERCENTILE(level, 0.5) AS median
FROM levels WHERE day BETWEEN '2025-10-20' AND '2025-10-21' GROUP BY fridge, day ORDER BY fridge, day
