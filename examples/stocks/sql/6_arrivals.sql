-- Raw ticks by hour: what came, and how often it was the same minute again.
CREATE OR REPLACE VIEW arrivals AS
SELECT dt, hour, count(*) AS ticks, count(*) - count(DISTINCT sym || '/' || CAST(ts AS varchar)) AS again
FROM ticks GROUP BY dt, hour
